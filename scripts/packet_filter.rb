# packet_filter.rb: a firewall below the system: the first rule that fits a packet decides, and what no rule fits is dropped.
#
# With `track` answers pass too: a table of 4,096 connections (TCP, UDP, pings) and errors about them. Fragments go where
# the first of a packet went. A policy: without it no OS boots, and if it dies, all packets are dropped.
#
# A rule is `allow` or `deny`, `in` or `out` or nothing, `track` or nothing, and a filter in the language of tcpdump:
#
#   allow arp
#   allow out track tcp dst port (22 or 443)
#   deny in src net 192.168.0.0/16
#
# Settings:
#   tcp=22,443         ports that the guest may connect to (default: 22,80,443)
#   udp=53,123         the same by UDP (default: 53,67,123)
#   rules=my_rules     in the place of both: a file my_rules.rb, loaded beside this one, with PACKET_RULES = "allow arp\n..."
#   default=pass       what becomes of packets that no rule fits (default: drop)
#   nic=1              the card (default: all)
#   limit=50           tells of so many packets that are dropped by default, and counts the rest (default: 20)

policy!

TCP = setting(:tcp, [22, 80, 443])
UDP = setting(:udp, [53, 67, 123])
RULES_FILE = setting(:rules, "")
DEFAULT = setting(:default, :drop)
NIC = setting(:nic, -1)
LIMIT = setting(:limit, 20)

# What a machine needs that connects to others and serves none: ARP, neighbours and routers of IPv6, pings, DHCP's answers.
def usual_rules
  text = "allow arp\nallow icmp6[0] >= 133 and icmp6[0] <= 136\nallow out track icmp or icmp6\n"
  text += "allow in udp src port 67 and udp dst port 68\n"
  text += "allow out track tcp dst port (#{TCP.join(" or ")})\n" unless TCP.empty?
  text += "allow out track udp dst port (#{UDP.join(" or ")})\n" unless UDP.empty?
  text
end

def add_rule(nic, line)
  words = line.split
  verb = words.shift
  raise ArgumentError, "packet_filter: a rule begins with allow or deny, not #{line.inspect}" unless %w[allow deny].include?(verb)
  direction = { "in" => :rx, "out" => :tx }[words[0]]
  words.shift if direction
  track = words[0] == "track"
  words.shift if track
  filters = words.empty? ? {} : { match: words.join(" ") }
  filters[:track] = true if track
  nic.__send__(verb, *direction, **filters)
end

require_relative RULES_FILE unless RULES_FILE.empty?
text = RULES_FILE.empty? ? usual_rules : PACKET_RULES
lines = text.lines.map(&:strip).reject { |line| line.empty? || line.start_with?("#") }
nics = NIC < 0 ? Nic.to_a : [Nic[NIC]].compact
log.warning "packet_filter: there is no network card to guard" if nics.empty?
$blocked = 0

nics.each do |nic|
  lines.each { |line| add_rule(nic, line) }
  nic.default = DEFAULT
  nic.on(:unmatched) do |p|
    $blocked += 1
    log DEFAULT == :drop ? "blocked" : "unmatched", **p.to_h if $blocked <= LIMIT
  end
  log "packet_filter on", nic: nic.to_s, rules: lines.size, default: DEFAULT
end

at_exit do
  nics.each do |nic|
    *counts, known = nic.counts
    lines.each_with_index { |line, index| puts "%-7s %8d  %s" % [nic, counts[index], line] }
    puts "%-7s %8d  of connections, %d open, %d displaced" % [nic, known, nic.connections, nic.displaced]
  end
  puts "packet_filter: #{$blocked} packets fit no rule"
end
