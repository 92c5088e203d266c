MRuby::Gem::Specification.new('ritevisor-disk') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'requests of disks, and the data of requests'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-hook'
end
