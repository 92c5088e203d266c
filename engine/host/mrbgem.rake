MRuby::Gem::Specification.new('ritevisor-host') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'host builds only: the simulated machine behind the system calls'
end
