# What tests/guest/storm.c's controller has its requests through: of each sort of verdict some. The disk beside, GOOD, is kept in another
# form, so that a request of it that no hook is asked about shows.
KEY = "\x5a"
good = Disk.find(serial: "GOOD")

on(:disk_write, disk: good, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, disk: good, on_error: :deny) { |r| r.done { |done| done.data.xor(KEY) } }

over = false
on(:port_write, port: 0xed) { over = true }

asked = Hash.new(0)
on(:disk_request, on_error: :deny) do |r|
  next if r.disk == good || r.disk == :ide0 || over # ide0 is what the guest boots from
  reads = r.kind == :disk_read
  asked[r.kind] += 1
  case (asked[:all] += 1) % 11
  when 0 then r.deny
  when 1 then r.drop
  when 2 then r.delay 1.milliseconds
  when 3 then r.data.fill(0x33) if r.kind == :disk_write
  when 4 then r.done { |done| done.data.fill(0x44) if reads && done.status == 0 }
  when 5 then r.lba = 8 if reads
  when 6
    held = r.hold(limit: 20.milliseconds)
    after(1.milliseconds) { held.pass }
  end
end
at_exit { puts "asked #{asked.keys.sort_by(&:to_s).join(" ")}" }
