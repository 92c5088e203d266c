MRuby::Gem::Specification.new('ritevisor-mmio') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'direct access to memory-mapped registers'
  spec.add_dependency 'ritevisor-engine'
end
