# Where requests are sent, and overlays as objects. No data go anywhere here.
def try
  yield
rescue StandardError, NotImplementedError => error
  log "#{error.class}: #{error.message}"
end

cow = Overlay.new(Disk[:ide0], size: 2 << 20)
log "#{cow} #{cow.inspect} #{cow.limit} #{cow.each_range.to_a} #{cow.read(3, 2).bytesize} #{cow.commit}"
try { Overlay.new(nil) }
try { Overlay.new(:ide0, size: 512) }
try { Overlay.new(:ide0, to: Disk[:ide0]) }
try { Overlay.new(:ide0, to: :sata0, size: 1 << 20) }
try { Overlay.new(:ide0, format: true) }
try { Overlay.new(:ide0, to: :sata0, range: 5) }
try { Overlay.new(:ide0, to: "memory") }
far = Overlay.new(:ide0, to: :sata0, range: 2048..8191)
log "#{far} #{far.to} #{far.ready?} #{far.each_range.to_a}"
try { Overlay.new(:floppy) }

on(:disk_write, :disk_discard, :disk_flush, disk: :ide0, lba: 100) { |r| r.redirect cow }
on(:disk_read, disk: :ide0, lba: cow) { |r| r.redirect(cow) if r.lba < 1000 }
on(:disk_read, lba: 2000) { |r| r.redirect Disk[:ide0], lba: 3000 }
on(:disk_read, lba: 3001) { |r| try { r.redirect cow, lba: 7 } }
on(:disk_read, lba: 3002) { |r| try { r.redirect "elsewhere" } }
on(:disk_command, lba: 3003) { |r| try { r.redirect cow } }
on(:disk_done, lba: 3004) { |r| try { r.redirect cow } }
on(:disk_write, lba: 3005) { |r| r.redirect cow }
on(:disk_write, lba: 3005) { |r| r.deny }
on(:disk_write, disk: :ide0, lba: 4000) { |r| r.redirect far }
