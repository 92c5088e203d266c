# What tests/guest/ide.c counts on: which sector is changed, refused, moved.
KEY = "\x5a"

counts = Hash.new(0)
on(:disk_request, disk: :ide0) { |r| counts[r.kind] += 1 }
on(:disk_write, lba: 28000..28099, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, lba: 28000..28099) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_write, lba: 28200) { |r| r.deny }
on(:disk_read, lba: 28201) { |r| r.deny }
on(:disk_write, lba: 28210) { |r| r.drop }
on(:disk_read, lba: 28211) { |r| r.drop }
on(:disk_read, lba: 28212) { |r| r.answer("\xa5" * (r.sectors * r.disk.sector_bytes)) }
on(:disk_write, lba: 28220) { |r| r.lba = 28221 }
on(:disk_done, lba: 28230) { |r| r.deny }
on(:disk_read, lba: 28240..28289) { |r| r.lba -= 240 }
# A block that fails half-way must not leave half of it on the disk.
on(:disk_write, lba: 28290) do |r|
  r.data.fill(0)
  raise "half-way"
end
# What waits, and what becomes of it.
ends = Hash.new(0)
start = 0
on(:disk_read, lba: 28340) { |r| start = Machine.tsc; r.delay 5.milliseconds }
on(:disk_read, lba: 28340) { |r| ends[:delayed] += 1 if Machine.tsc - start >= Machine.tsc_hz / 200 }
on(:disk_read, lba: 28341..28342) do |r|
  passes = r.lba == 28341
  held = r.hold(limit: 5.seconds)
  after(2.milliseconds) { ends[passes ? :passed : :denied] += 1 if passes ? held.pass : held.deny }
end
on(:disk_read, lba: 28343, on_error: :deny) { |r| r.hold(limit: 2.milliseconds) }
on(:disk_read, lba: 28344) do |r|
  r.done do |done|
    held = done.hold(limit: 5.seconds)
    after(2.milliseconds) { ends[:done] += 1 if held.pass }
  end
end
on(:disk_read, lba: 28345) do |r|
  held = r.hold(limit: 5.seconds)
  after(3.milliseconds) { ends[held.pass ? :late : :reset] += 1 }
end
on(:disk_read, lba: 28347) do |r|
  bytes = r.sectors * r.disk.sector_bytes
  held = r.hold(limit: 5.seconds)
  after(2.milliseconds) { ends[:answered] += 1 if held.answer("\xa5" * bytes) && !held.answer("\xa6" * bytes) }
end
on(:disk_read, lba: 28346) { |r| r.lose; ends[:lost] += 1 }
# Why, and what is given up.
on(:disk_write, lba: 28350) { |r| r.deny :out_of_range }
on(:disk_write, lba: 28351) { |r| r.deny status: 0x84 }
on :disk_discard do |r|
  puts "discards #{r.lba} #{r.sectors} #{r.ranges} #{r.command} #{r.argument}"
  r.deny if r.touches?(28400..28499)
end
at_exit { puts "waited #{ends.map { |name, count| "#{name} #{count}" }.sort.join(" ")}" }
at_exit { puts "counted #{counts.keys.map(&:to_s).sort.join(" ")}" }
