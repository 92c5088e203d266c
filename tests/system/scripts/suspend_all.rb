# Hooks on disks and network cards, whose names are to be the same before a sleep and behind it.
seen = Hash.new(0)
[:sata0, :virtio0, :ide3].each do |disk|
  on(:disk_read, disk: disk) { seen["#{disk} read"] += 1 }
  on(:disk_write, disk: disk) { seen["#{disk} write"] += 1 }
end
on(:net_packet, observe: true) { |packet| seen["#{packet.nic} #{packet.kind}"] += 1 }
on(:port_write, 0x82) do
  puts "seen: #{seen.keys.sort.join(", ")}"
  seen.clear
end
