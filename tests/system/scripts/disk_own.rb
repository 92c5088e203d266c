# The script itself reads and writes both disks: before the guest, by a clock, and amid the guest's requests.
NVME = :nvme1n1
IDE = :ide0

def try
  yield
rescue AccessError => error
  error.message
end

def text(name, sectors = 1)
  (name + "-" * 512)[0, 512] * sectors
end

ide = Disk[IDE]
puts "before #{ide.partitions.inspect} #{ide.read(300)[0, 6]}"
ide.write(301, text("before"))
puts "too early #{try { Disk.new(NVME, 8, 512, "", "").read(0) }}"

[NVME, IDE].each do |name|
  on(:disk_read, disk: name, lba: 2048) { |r| r.answer(r.disk.read(300, 1) * r.sectors) }
  on(:disk_write, disk: name, lba: 2056) do |r|
    r.disk.write(3000, r.data.to_s.upcase)
    r.disk.flush
    r.drop
  end
  on(:disk_read, disk: name, lba: 2064) { |r| r.done { |done| done.data.write(0, done.disk.read(3000)[0, 8]) } }
end

# A block of the one lies on the other.
on(:disk_write, :disk_read, disk: NVME, lba: 2072) { |r| r.redirect Disk[IDE], lba: 6000 }
on(:disk_write, :disk_read, disk: IDE, lba: 2072) { |r| r.redirect Disk[NVME], lba: 6000 }

# Whatever the guest is at: a disk that is busy is tried again.
ticks = Hash.new(0)
every(20.milliseconds) do
  [NVME, IDE].each do |name|
    next if ticks[name] == 40
    disk = Disk[name] or next
    begin
      disk.write(4000, text("tick #{ticks[name] + 1}"))
      disk.read(300, 16)
      ticks[name] += 1
    rescue AccessError => error
      ticks["#{name} #{error.class}"] += 1
    end
  end
end

at_exit do
  puts "ticks #{ticks[NVME] == 40} #{ticks[IDE] == 40}"
end
