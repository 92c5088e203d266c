MRuby::Gem::Specification.new('ritevisor-disk') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'requests of disks'
  spec.opens_at = { constants: %w[Disk DiskBusy Overlay], events: %w[disk_] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-request'
  spec.add_dependency 'ritevisor-regexp'
  spec.add_dependency 'mruby-enum-ext', core: 'mruby-enum-ext'
end
