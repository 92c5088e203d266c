MRuby::Gem::Specification.new('ritevisor-bitvisor') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'Bitvisor.print'
  spec.add_dependency 'ritevisor-log'
end
