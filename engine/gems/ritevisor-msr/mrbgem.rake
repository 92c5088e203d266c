MRuby::Gem::Specification.new('ritevisor-msr') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'direct access to model-specific registers'
  spec.add_dependency 'ritevisor-engine'
end
