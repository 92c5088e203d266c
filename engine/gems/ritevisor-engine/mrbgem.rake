MRuby::Gem::Specification.new('ritevisor-engine') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'what all our gems share: system calls, script loader, reports, exit'
  spec.add_dependency 'mruby-compiler', core: 'mruby-compiler'
  spec.add_dependency 'mruby-enum-ext', core: 'mruby-enum-ext'
  spec.add_dependency 'mruby-enum-lazy', core: 'mruby-enum-lazy'
end
