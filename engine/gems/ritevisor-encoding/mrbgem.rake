MRuby::Gem::Specification.new('ritevisor-encoding') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'methods of String that count characters, in text and in binary Strings'
  spec.add_dependency 'mruby-string-ext', :core => 'mruby-string-ext'
  spec.add_dependency 'mruby-pack', :core => 'mruby-pack'
  spec.add_dependency 'mruby-random', :core => 'mruby-random'
end
