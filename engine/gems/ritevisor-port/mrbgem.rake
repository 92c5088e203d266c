MRuby::Gem::Specification.new('ritevisor-port') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'direct access to I/O ports'
  spec.add_dependency 'ritevisor-engine'
end
