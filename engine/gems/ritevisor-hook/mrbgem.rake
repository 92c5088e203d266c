MRuby::Gem::Specification.new('ritevisor-hook') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'on, off, every: hooks and the events they see'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-integer' # whose methods evaluate.c knows
  spec.add_dependency 'ritevisor-log'
  spec.add_dependency 'mruby-symbol-ext', core: 'mruby-symbol-ext'
  spec.add_dependency 'mruby-hash-ext', core: 'mruby-hash-ext'
  spec.add_dependency 'mruby-array-ext', core: 'mruby-array-ext'
end
