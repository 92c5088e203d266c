# The script itself reads and writes a virtio or a SATA disk: by a clock, and amid the guest's requests.
DISK = %i[virtio0 sata2].find { |name| Disk[name] }

def try
  yield
rescue AccessError => error
  error.message
end

def text(name, sectors = 1)
  (name + "-" * 512)[0, 512] * sectors
end

puts "before #{try { Disk[DISK].read(300)[0, 4] }}"

on(:disk_read, disk: DISK, lba: 2048) { |r| r.answer(r.disk.read(300, 1) * r.sectors) }
on(:disk_write, disk: DISK, lba: 2056) do |r|
  r.disk.write(3000, r.data.to_s.upcase)
  r.disk.flush
  r.drop
end
on(:disk_read, disk: DISK, lba: 2064) { |r| r.done { |done| done.data.write(0, done.disk.read(3000)[0, 8]) } }
# What is long is several commands, and one of them more than a ring of few entries takes at once.
on(:disk_read, disk: DISK, lba: 2072) { |r| r.answer(r.disk.read(8192, 520)[-512, 512] * r.sectors) }
puts "beyond #{try { Disk[DISK].read(Disk[DISK].sectors) }}"

ticks = 0
every(50.milliseconds) do
  next if ticks == 30
  disk = Disk[DISK]
  begin
    disk.write(4000, text("tick #{ticks + 1}"))
    disk.read(300, 16)
    ticks += 1
  rescue AccessError # tried again
  end
end

at_exit { puts "ticks #{ticks == 30}" }
