# A stick as a disk: sectors from 4096 on are kept in another form, what is written to some before is changed, what is read of some
# too, some are refused, and one is elsewhere.
ends = Hash.new(0)

on(:disk_attach) { |disk| puts "disk #{disk} #{disk.bus} #{disk.model} #{disk.serial} #{disk.sectors} #{disk.sector_bytes}" }
on(:disk_write, disk: :usb0) do |r|
  r.data.xor("\x5a") if r.lba >= 4096
  case r.lba
  when 200
    puts "writes #{r.data[0, 4]} #{r.data.size} at #{r.lba}"
    r.data.write(0, "BBBB")
  when 304 then r.deny :write_protected
  when 400 then r.drop
  when 504 then r.delay 100.milliseconds
  end
end
on(:disk_read, disk: :usb0, lba: 4096..16383) { |r| r.done { |d| d.data.xor("\x5a") } }
on(:disk_read, disk: :usb0, lba: 96) { |r| r.done { |d| d.data.write(2, "CHANGED") } }
on(:disk_read, disk: :usb0, lba: 600) { |r| r.lba = 608 }
on(:disk_read, disk: :usb0, lba: 704) { |r| r.deny :media_error }
on(:disk_read, disk: :usb0, lba: 800) { |r| r.answer "answer".ljust(r.sectors * 512, ".") }
on(:disk_read, disk: :usb0, lba: 904) { |r| r.delay 100.milliseconds }
on(:disk_read, disk: :usb0, lba: 1000) { |r| r.done { |d| d.deny :media_error } }
on(:disk_done, disk: :usb0) { |d| ends[[d.command, d.status]] += 1 }
at_exit { puts "ends #{ends.keys.map { |key| key.join(" ") }.sort.join(", ")}" }
