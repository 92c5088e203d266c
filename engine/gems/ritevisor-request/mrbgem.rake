MRuby::Gem::Specification.new('ritevisor-request') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'requests: their data, verdicts of theirs, those that wait'
  spec.opens_at = { constants: %w[Bytes] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-hook'
end
