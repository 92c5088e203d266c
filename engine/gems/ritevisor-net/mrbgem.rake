MRuby::Gem::Specification.new('ritevisor-net') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'network cards and packets'
  spec.opens_at = { constants: %w[Nic PacketFilter Dns], events: %w[net_ nic_] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-request'
end
