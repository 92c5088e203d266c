MRuby::Gem::Specification.new('ritevisor-integer') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'methods of Integer and Float that are right for any size of number'
  spec.add_dependency 'ritevisor-engine'
  # What is defined there is replaced here.
  spec.add_dependency 'mruby-bigint', core: 'mruby-bigint'
  spec.add_dependency 'mruby-numeric-ext', core: 'mruby-numeric-ext'
  spec.add_dependency 'mruby-range-ext', core: 'mruby-range-ext'
  spec.add_dependency 'mruby-math', core: 'mruby-math'
  spec.add_dependency 'mruby-rational', core: 'mruby-rational'
  spec.add_dependency 'mruby-complex', core: 'mruby-complex'
end
