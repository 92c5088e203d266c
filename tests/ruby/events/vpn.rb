# The tunnel's peers: told when they answer, and when they do not any more; and how it is. (The simulated tunnel has two.)
on(:vpn_up) { |e| log "up #{e.peer} #{Vpn.status}" }
on(:vpn_down, peer: 0) { |e| log "down #{Vpn.status.peers.map { |peer| [peer.handshake_age, peer.handshakes, peer.sent, peer.received] }.inspect}" }
on(:vpn_down, peer: 1) { log "another" }
begin
  on(:vpn_up, peer: 8) { }
rescue StandardError => error
  log error.message
end
log "#{Vpn.status.inside} #{Vpn.status.inside6} #{Vpn.status.outside} #{Vpn.status.outside6.inspect} #{Vpn.status.port} #{Vpn.status.running?}"

# Datagrams of a script's own.
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end
try { log "sent #{Udp.transmit("hello", to: "10.9.0.1", port: 514)} #{Udp.transmit("x" * 1372, to: "fd00:9::1", port: 65535, from: 0)} #{Vpn.status.mtu}" }
try { Udp.transmit("x" * 1392, to: "10.9.0.1", port: 1) }
try { Udp.transmit("x" * 1393, to: "10.9.0.1", port: 1) }
try { Udp.transmit("x" * 1373, to: "fd00:9::1", port: 1) }
try { Udp.transmit("x" * 100_000, to: "10.9.0.1", port: 1) }
["10.9.0.0/24", "224.0.0.1", "0.0.0.0", "ff02::1", "fe80::1", "::ffff:10.9.0.1", "vpn.example.org", ""].each { |to| try { Udp.transmit("", to: to, port: 1) } }
try { Udp.transmit("", to: "10.9.0.1", port: 0) }
try { Udp.transmit("", to: "10.9.0.1", port: 1, from: 65536) }
try { Udp.transmit("", to: "10.9.0.1") }
