# Other ports, both ways: headers are changed, and checksums with them.
on(:net_tx, protocol: :tcp, dport: 80..81) { |p| p.dport += 8000 }
on(:net_rx, protocol: :tcp, sport: 8080..8081) { |p| p.sport -= 8000 }
