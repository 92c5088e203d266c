MRuby::Gem::Specification.new('ritevisor-service') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'services: programs without Ruby that stay'
  spec.opens_at = { constants: %w[Service] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-request'
end
