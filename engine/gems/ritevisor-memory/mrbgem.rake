MRuby::Gem::Specification.new('ritevisor-memory') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'reading and writing the memory of the guest'
  spec.add_dependency 'ritevisor-engine'
end
