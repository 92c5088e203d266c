# The script itself reads and writes a stick: by a clock, and amid the guest's requests.
STICK = :usb0
PLACE = 12_288 # where the guest does nothing

def try
  yield
rescue DiskBusy
  "busy"
rescue AccessError => error
  error.message
end

def text(name, sectors = 1)
  (name + "-" * 512)[0, 512] * sectors
end

on(:disk_read, disk: STICK, lba: 2048) { |r| r.answer(r.disk.read(300, 1) * r.sectors) }
on(:disk_write, disk: STICK, lba: 2056) do |r|
  r.disk.write(3000, r.data.to_s.upcase)
  r.disk.flush
  r.drop
end
on(:disk_read, disk: STICK, lba: 2064) { |r| r.done { |done| puts "amid #{try { done.disk.read(3000) }}" } }
# What is long is several commands.
on(:disk_read, disk: STICK, lba: 2072) { |r| r.answer(r.disk.read(8192, 520)[-512, 512] * r.sectors) }

ticks = wrong = 0
stick = nil
on(:disk_attach) do |disk|
  next if disk != STICK
  stick = disk
  puts "beyond #{try { disk.read(disk.sectors) }}"
end

gone = {} # what it says as it goes, until there is none

every(20.milliseconds) do
  next if stick.nil?
  begin
    next stick.read(300) if ticks == 30
    stick.write(4000, text("tick #{ticks + 1}"))
    what = text("place #{ticks}", 100) + text("end", 100)
    stick.write(PLACE + ticks, what)
    wrong += 1 if stick.read(PLACE + ticks, 200) != what
    ticks += 1
  rescue DiskBusy # tried again
  rescue AccessError => error
    puts "gone #{error.message}" unless gone[error.message]
    gone[error.message] = true
  end
end

at_exit { puts "ticks #{ticks}, wrong #{wrong}" }
