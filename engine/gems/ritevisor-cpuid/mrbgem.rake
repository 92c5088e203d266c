MRuby::Gem::Specification.new('ritevisor-cpuid') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'what CPUID says'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'mruby-string-ext', core: 'mruby-string-ext'
  spec.add_dependency 'mruby-numeric-ext', core: 'mruby-numeric-ext'
  spec.add_dependency 'mruby-enum-ext', core: 'mruby-enum-ext'
  spec.add_dependency 'mruby-array-ext', core: 'mruby-array-ext'
end
