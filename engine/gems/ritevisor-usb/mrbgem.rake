MRuby::Gem::Specification.new('ritevisor-usb') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'USB devices: what they say of themselves, and who may come in'
  spec.opens_at = { constants: %w[Usb], events: %w[usb_] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-pci'
  spec.add_dependency 'ritevisor-request'
  %w[array-ext enum-ext metaprog sprintf string-ext struct].each { |name| spec.add_dependency "mruby-#{name}", core: "mruby-#{name}" }
end
