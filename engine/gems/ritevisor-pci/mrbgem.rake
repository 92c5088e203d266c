MRuby::Gem::Specification.new('ritevisor-pci') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'PCI devices: finding, configuration space, BARs, hiding'
  spec.opens_at = { constants: %w[PCI] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-hook'
  spec.add_dependency 'ritevisor-mmio'
  spec.add_dependency 'ritevisor-port'
end
