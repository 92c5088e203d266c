# A stick's transfers wait, and their ends, for a time or until a block says so; of what a serial line is told by its vendor's requests a value of its
# latency (9) is lost.
bulk = ends = ended = 0
on(:usb_transfer, id: "46f4:0001", type: :bulk) do |t|
  bulk += 1
  t.done { |d| ends += d.length; d.delay(300.microseconds) if d.length == 31 } if t.length == 31
  if bulk % 50 == 0
    held = t.hold(limit: 5.seconds)
    after(2.milliseconds) { held.pass }
  elsif bulk % 3 == 0
    t.delay(200.microseconds)
  end
end
on(:usb_control, id: "0403:6001", request_type: 0x40, request_code: 9) { |t| t.lose if t.value == 77 }
on(:usb_done, id: "46f4:0001", direction: :in, length: 13) do |t|
  ended += 1
  if ended % 20 == 0
    held = t.hold(limit: 5.seconds)
    after(2.milliseconds) { held.pass }
  end
end
at_exit { puts "waited #{bulk > 100} #{ended > 30} #{ends > 31 * 30}" }
