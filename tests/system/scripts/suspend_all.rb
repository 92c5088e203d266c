# Hooks on all disks and network cards, whose names are to be the same before a sleep and behind it.
seen = Hash.new(0)
on(:disk_read) { |r| seen["#{r.disk} read"] += 1 }
on(:disk_write) { |r| seen["#{r.disk} write"] += 1 }
on(:net_packet, observe: true) { |packet| seen["#{packet.nic} #{packet.kind}"] += 1 }
on(:port_write, 0x82) do
  puts "seen of #{seen.keys.map { |key| key.split.first }.uniq.sort.join(" ")}"
  seen.clear
end
