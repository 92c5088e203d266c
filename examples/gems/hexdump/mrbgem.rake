MRuby::Gem::Specification.new('hexdump') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'bytes as lines of text'
  spec.add_dependency 'mruby-sprintf', core: 'mruby-sprintf'
end
