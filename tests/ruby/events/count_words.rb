# What is counted by words: names, disks, cards and nil are the same to C and to Ruby, which C does not ask.
module Asked
  def direction
    log "asked"
    super
  end
end

disks = Counter.new(:disks, by: %i[disk direction command kind])
on(:disk_request, :disk_done, into: disks)
latency = Histogram.log2(:latency, unit: :us, by: %i[disk direction])
on(:disk_done, into: latency)
sizes = Histogram.linear(:sectors, step: 8, by: %i[direction])
on(:disk_read, :disk_write, into: sizes)
ports = Table.new(:value, by: %i[kind direction])
on(:port_write, 0x80, into: ports)
packets = Counter.new(:packets, by: %i[nic direction vlan dport])
on(:net_packet, into: packets)
[Event::Disk, Event::DiskDone, Event::Access, Event::Packet].each { |events| events.prepend(Asked) }

# The same keys by Ruby: they are the same entries.
on(:disk_flush) { |r| disks.add(r) }
on(:net_rx, dport: 22) { |p| packets.add(p) }
disks << [:tx, nil]

# Not words alone: Ruby has a text for it.
sources = Counter.new(:sources, by: %i[nic src])
on(:net_tx, into: sources)

at_exit do
  log disks.to_h.inspect
  log "#{disks[Disk[:ide0], :none, :flush, :disk_flush]} #{disks[:tx, nil]} #{disks.size}"
  log "#{latency.total(Disk[:ide0], :read)} #{sizes.to_h} #{ports.to_h}"
  log packets.to_h.inspect
  log sources.to_h.keys.inspect
end
