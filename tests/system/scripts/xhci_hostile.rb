# What tests/guest/xhci.c is up against: rules, and hooks that look at all transfers, change, drop and refuse some. What a stick's own
# reads are (31, 512 and 13 bytes) passes. Data that are nowhere, or in the hypervisor's memory, cannot be read.
Usb.policy "allow with-interface 08:06:50"
counts = Hash.new(0)
on(:usb_control) { |t| t.deny "no such" if t.request_type & 0x60 == 0x40 }
on(:usb_transfer) do |t|
  counts[:asked] += 1
  case t.length % 8
  when 1 then t.data.write(0, "edit") if t.direction == :out && t.length > 4
  when 2 then t.drop
  when 3
    counts[:refused] += 1
    t.deny "such a length"
  else
    t.data.to_s(0, [16, t.length].min) if t.direction == :out
  end
rescue => error
  counts[:unreadable] += 1
  t.deny error.message
end
on(:usb_done) do |t|
  counts[:ended] += 1
  t.data.xor("\x01") if t.direction == :in && t.length % 8 == 4
end
at_exit { puts "transfers #{%i[asked ended refused unreadable].map { |name| counts[name] > 1 }.join(" ")}" }
