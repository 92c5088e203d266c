MRuby::Gem::Specification.new('ritevisor-disk') do |spec|
  spec.license = 'MIT'
  spec.author  = 'Ritevisor developers'
  spec.summary = 'requests of disks'
  spec.opens_at = { constants: %w[Disk DiskBusy Overlay], events: %w[disk_] }
  spec.add_dependency 'ritevisor-engine'
  spec.add_dependency 'ritevisor-request'
end
