# All transfers of all devices are looked at, what a stick reads is changed twice, so that it is the same; isochronous ones nobody sees.
policy!
Usb.policy "allow with-interface one-of { 01:*:* 08:06:50 }"
counts = Hash.new(0)
on(:usb_request, observe: true) { |t| counts[t.type] += 1 }
on(:usb_done, type: :bulk, direction: :in) { |t| t.data.xor("\x5a") if t.length == 4096 }
on(:usb_done, type: :bulk, direction: :in) { |t| t.data.xor("\x5a") if t.length == 4096 }
at_exit { puts "seen #{counts.keys.sort.join(" ")}, bulk #{counts[:bulk] > 1000}" }
