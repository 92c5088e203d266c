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
  spec.add_dependency 'mruby-proc-ext', core: 'mruby-proc-ext'
  spec.add_dependency 'mruby-enum-ext', core: 'mruby-enum-ext'
  spec.add_dependency 'mruby-string-ext', core: 'mruby-string-ext'
  spec.add_dependency 'mruby-object-ext', core: 'mruby-object-ext'
  spec.add_dependency 'mruby-kernel-ext', core: 'mruby-kernel-ext'
  spec.add_dependency 'mruby-numeric-ext', core: 'mruby-numeric-ext'
end
