MRuby::Gem::Specification.new('ritevisor-net') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'network cards and packets'
  spec.opens_at = { constants: %w[Nic NicBusy PacketFilter Dns Vpn Udp], events: %w[net_ nic_ vpn_] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-request'
  spec.add_dependency 'ritevisor-regexp'
  spec.add_dependency 'ritevisor-encoding'
  spec.add_dependency 'mruby-pack', core: 'mruby-pack'
  spec.add_dependency 'mruby-enum-ext', core: 'mruby-enum-ext'
  spec.add_dependency 'mruby-compar-ext', core: 'mruby-compar-ext'
end
