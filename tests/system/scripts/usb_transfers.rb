# A stick's commands (USB mass storage, bulk only): what is read of sector 96, by itself, is changed, what is written to 200 too, and
# writing 304 is refused. The keyboard's transfers nobody wants.
controls, moved, sums = 0, { in: 0, out: 0 }, Hash.new(0)
command = lba = nil

on(:usb_control, id: "46f4:0001") do |t|
  controls += 1
  puts "control #{t.setup.bytes.map { |byte| "%02x" % byte }.join}" if t.request_code == 9
end
on(:usb_transfer, id: "46f4:0001", class: 8, type: :bulk, direction: :out) do |t|
  data = t.data
  if data.size == 31 && data.u32(0) == 0x43425355
    command, lba = data[15], data.u32(17, :big)
    t.deny "a write of #{lba}" if command == 0x2a && lba == 304
  elsif command == 0x2a && lba == 200
    puts "writes #{data[0, 4]} #{data.size}"
    data.write(0, "BBBB")
  end
end
on(:usb_done, id: "46f4:0001") do |t|
  sums[[t.type, t.direction, t.failed?]] += 1
  moved[t.direction] += t.length if t.type == :bulk
  puts "failed #{t}" if t.failed? && t.type == :bulk
  t.data.write(2, "CHANGED") if t.type == :bulk && t.in? && command == 0x28 && lba == 96 && t.length == 4096
  puts "said #{t.data.to_s(2, 28).bytes.select { |byte| byte != 0 }.map(&:chr).join}" if t.type == :control && t.length == 38
end
at_exit do
  puts "moved in #{moved[:in] >> 20} MiB out #{moved[:out] >> 9 > 8}"
  puts "seen #{sums.keys.map { |key| key.join(" ") }.sort.join(", ")}, controls #{controls > 3}"
end
