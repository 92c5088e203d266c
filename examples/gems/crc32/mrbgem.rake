MRuby::Gem::Specification.new('crc32') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'the check sum of Ethernet, ZIP and PNG'
end
