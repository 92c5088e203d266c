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
