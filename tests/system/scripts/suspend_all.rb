# Hooks on disks and network cards, whose names are to be the same before a sleep and behind it: all of them see something
# between two writes of the guest's to the port, which is none of those that Linux itself writes to when it wakes.
seen = Hash.new(0)
rounds = Hash.new(0)
[:sata0, :virtio0, :ide3, :nvme0n1].each do |disk|
  on(:disk_read, disk: disk) { seen["#{disk} read"] += 1 }
  on(:disk_write, disk: disk) { seen["#{disk} write"] += 1 }
end
on(:net_packet, observe: true) { |packet| seen["#{packet.nic} #{packet.kind}"] += 1 }
on(:port_write, 0x84) do
  rounds[seen.keys.sort.join(", ")] += 1
  seen.clear
end
at_exit { rounds.each { |names, count| puts "seen #{count} times: #{names}" } }
