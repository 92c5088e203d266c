# A firewall, default deny.
policy!
nic = Nic[0]
nic.default = :drop
nic.allow ethertype: :arp
nic.allow :tx, protocol: :tcp, dport: [22, 443], track: true
nic.on(:unmatched) { |p| log "blocked", **p.to_h }
