# arp_guard.rb: alerts when an IPv4 address is said to have another MAC address than before or than it should.
#
# Who claims the gateway's address reads and changes all that goes there. What is learned is what is heard first, so say
# gateway= and mac= if you know them.
#
# Settings:
#   gateway=10.0.2.2 mac=52:55:0a:00:02:02   whose address cannot change (default: the first that is heard counts)
#   only=warn                                tells of it, and lets it be (default: block)

GATEWAY = setting(:gateway, "")
MAC = setting(:mac, "").downcase
ONLY = setting(:only, "block")
KNOWN_MAXIMUM = 1024

$known = {}
$alarms = 0
$known[GATEWAY] = MAC unless GATEWAY.empty? || MAC.empty?

def alarm(packet, text, **details)
  $alarms += 1
  log.alert text, nic: packet.nic.to_s, **details if $alarms <= 100
  packet.drop unless ONLY == "warn"
end

# What an ARP packet says of its sender: in the header of Ethernet and in its own.
on :net_packet, ethertype: :arp do |p|
  arp = p.arp
  if arp.nil?
    alarm(p, "arp: a packet is cut", length: p.length)
    next
  end
  sender, mac = arp.sender, arp.sender_mac
  if p.ethernet.src != mac
    alarm(p, "arp: two senders in one packet", ethernet: p.ethernet.src, arp: mac, address: sender)
  elsif sender != "0.0.0.0" && $known[sender] && $known[sender] != mac
    alarm(p, "arp: an address moves", address: sender, was: $known[sender], says: mac, direction: p.direction)
  elsif sender != "0.0.0.0" && !$known[sender]
    $known.shift if $known.size >= KNOWN_MAXIMUM && !$known.key?(GATEWAY)
    $known[sender] = mac if $known.size < KNOWN_MAXIMUM
    log "arp", address: sender, mac: mac
  end
end

at_exit { puts "arp_guard: #{$known.size} addresses, #{$alarms} alarms" }

log "arp_guard on", gateway: GATEWAY.empty? ? "any" : GATEWAY
