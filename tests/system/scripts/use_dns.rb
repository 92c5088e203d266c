# A log of names that are asked for.
on :net_packet, protocol: :udp, port: 53, observe: true do |p|
  q = Dns.parse(p.payload) and log "dns", name: q.name, type: q.type
end
