MRuby::Gem::Specification.new('ritevisor-log') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'log with levels and pairs; puts, print, p and printf write to the log'
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-integer'
  spec.add_dependency 'mruby-sprintf', core: 'mruby-sprintf'
  spec.add_dependency 'mruby-string-ext', core: 'mruby-string-ext'
end
