# net_canary.rb: some networks are bait: nobody here has business with them. The first packet to one raises an alarm.
#
# Worms and thieves look around; a range of addresses that nothing uses tells of them. A policy: without it no OS boots.
#
# Settings:
#   nets=10.99.0.0/16,2001:db8:bad::/48   the networks, or single addresses (default: none, and nothing is watched)
#   only=warn                             tells of it, and lets it be (default: block)

policy!

NETS = setting(:nets, "").split(",")
ONLY = setting(:only, "block")

$rung = {}

def ring(packet, net)
  count = $rung[net] = ($rung[net] || 0) + 1
  log.alert "net_canary", net: net, **packet.to_h if count == 1
  packet.drop unless ONLY == "warn"
end

# ARP asks for an address before anything is sent to it.
NETS.each do |net|
  on(:net_tx, dst: net) { |p| ring(p, net) }
  on(:net_tx, dst: net, ethertype: :arp) { |p| ring(p, net) } unless net.include?(":")
end

at_exit { puts "net_canary: #{NETS.map { |net| "#{net} #{$rung[net] || 0}" }.join(", ")}" }

log.warning "net_canary: nothing is watched, nets= says what" if NETS.empty?
log "net_canary on", nets: NETS.join(",")
