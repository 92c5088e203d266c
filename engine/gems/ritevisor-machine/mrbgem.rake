MRuby::Gem::Specification.new('ritevisor-machine') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'facts, statistics, settings, a seed for Random'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'mruby-random', core: 'mruby-random'
  spec.add_dependency 'mruby-string-ext', core: 'mruby-string-ext'
  spec.add_dependency 'mruby-kernel-ext', core: 'mruby-kernel-ext'
end
