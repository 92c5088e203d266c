# Counts what two network cards send and receive; no mail leaves them, and no IPv6. The first card sends nothing.
counts = Hash.new(0)
on(:net_tx, nic: 0, verdict: :deny)
on(:net_tx, nic: 1..2, port: 25) { |packet| counts["mail #{packet.nic}"] += 1; packet.drop }
on(:net_tx, nic: 1..2, ethertype: 0x86dd) { |packet| packet.deny }
on(:net_packet, nic: 1..2, observe: true) do |packet|
  counts["#{packet.kind} #{packet.nic}"] += 1
end
on(:nic_attach) { |event| puts "attached #{event.nic} #{event.mac} #{event.nic.driver}" }
at_exit { counts.sort_by { |k, _| k.to_s }.each { |name, count| puts "counted #{name} #{count}" } }
