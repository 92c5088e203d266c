# Counts what a network card sends and receives; no mail leaves, and no IPv6. Another card sends nothing.
counts = Hash.new(0)
on(:net_tx, nic: 2, verdict: :deny)
on(:net_tx, nic: 1, port: 25) { |packet| counts[:mail] += 1; packet.drop }
on(:net_tx, nic: 1, ethertype: 0x86dd) { |packet| counts[:ip6] += 1; packet.deny }
on(:net_packet, nic: 1, observe: true) do |packet|
  counts[packet.kind] += 1
end
on(:nic_attach) { |event| puts "attached #{event.nic} #{event.mac}" }
at_exit { counts.sort_by { |k, _| k.to_s }.each { |name, count| puts "counted #{name} #{count}" } }
