# Disks that are plugged in while Linux runs are kept in another form, from their first request on; one is torn out, by
# QEMU's register for that, while requests of it wait here.
KEY = "\x5a"
EJECT = 0xae08
BUS = 0xae10
SLOT = 9
HELD = 4000

on(:disk_write, disk: %i[nvme0n1 virtio0 sata0 sata1], lba: 0..3999, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, disk: %i[nvme0n1 virtio0 sata0 sata1], lba: 0..3999) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_attach) { |disk| puts "attached #{disk} #{disk.serial} #{disk.sectors}, of #{Disk.to_a.join(" ")}" }
held = nil
on(:disk_detach) do |disk|
  puts "detached #{disk} #{disk.serial}, of #{Disk.to_a.join(" ")}"
  puts "waits no more: #{!held.pass}" if held
end
on(:disk_read, disk: :nvme0n1, lba: HELD) do |r|
  log "torn out", disk: r.disk.name
  held = r.hold(limit: 100.seconds)
  Port.write32(BUS, 0)
  Port.write32(EJECT, 1 << SLOT)
end
at_exit { puts "disks #{Disk.map(&:to_s).join(" ")}" }
