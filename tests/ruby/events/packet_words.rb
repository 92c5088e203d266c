# Packets in the script's words: filters, rules, headers, changes, names. (Frames are written out.)
def try
  yield
rescue StandardError, NotImplementedError => error
  log "#{error.class}: #{error.message}"
end

log "#{Nic.to_a.inspect} #{Nic[0].id} #{Nic[0].slot} #{Nic[0].attached?} #{Nic[1].inspect} #{Nic["52:54:00:12:34:56"]} #{Nic["nic0"]}"
try { on(:net_tx, match: "tcp port") { } }
try { on(:net_tx, match: "gateway 10.0.0.1") { } }
try { on(:net_tx, src: "10.0.0") { } }
try { on(:net_tx, src: ["10.0.0.1", "::1"]) { } }
try { on(:net_tx, protocol: :http) { } }
try { on(:net_tx, match: "tcp", verdict: :deny) }
try { on(:net_tx, 5) { } }
try { on(:net_tx, match: "tcp") }
try { Nic[0].default = :reject }
try { Nic[0].allow(:tx, port: 80, length: 5) }
try { Nic[0].allow(:up) }
try { Nic[0].allow(match: "tcp or (") }

nic = Nic[0]
def said(p, text) = log("#{text}: #{p}")
on(:net_tx, src: "10.0.2.0/24", dport: 1) { |p| said(p, "v4") }
on(:net_tx, dst: ["10.1.0.0/16", "10.9.9.9"], dport: 1) { |p| said(p, "v4 list") }
on(:net_tx, dst: "2001:db9::/32") { |p| said(p, "v6"); log "#{p.src} #{p.tcp.syn?} #{p.tcp.ack?} #{p.tcp.fin?} #{p.tcp.seq} #{p.payload.to_s} #{p.ip_header.ttl}" }
on(:net_tx, dst: "2001:db9::2") { |p| said(p, "v6 host") }
on(:net_tx, dst: "2001:db9::3") { |p| said(p, "another") }
on(:net_tx, dport: 2, except: { src: "10.0.2.0/24" }) { |p| said(p, "not ours") }
on(:net_tx, match: "udp dst port 3 and len > 50") { |p| said(p, "matched") }
nic.on(:tx, match: "icmp[icmptype] = icmp-echo") { |p| log "#{p.icmp.type} #{p.icmp.code} #{p.payload.size} #{p.icmp?} #{p.tcp?} #{p.match?("icmp")}" }
nic.on(:tx, protocol: [:tcp, :udp], dport: 4) { |p| said(p, "either") }
nic.on(:rx, ethertype: :arp) { |p| log "#{p.arp.operation} #{p.arp.sender} #{p.arp.sender_mac} #{p.arp.target} #{p.src} #{p.arp?} #{p.ethernet.dst} #{p.tcp.inspect}" }
on :net_tx, dport: 53 do |p|
  q = Dns.parse(p.payload)
  log "#{q} #{q.id} #{q.name} #{q.type} #{q.query?} #{q.answers} #{q.rcode} #{p.payload.size}"
end

# What headers say when something was changed, and whether sums are right.
def sum(bytes, first = 0)
  bytes.each_slice(2) { |high, low| first += high * 256 + (low || 0) }
  first = (first & 0xffff) + (first >> 16) while first > 0xffff
  first
end

def right?(p)
  ip, transport = p.data[14, 20].to_s.bytes, p.data[34, p.data.size - 34].to_s.bytes
  pseudo = sum(ip[12, 8], p.protocol + transport.size)
  [sum(ip) == 0xffff, sum(transport, pseudo) == 0xffff]
end

on :net_tx, dport: 5 do |p|
  p.fix_checksums
  log "first #{right?(p)}"
  p.src = "192.168.1.1"
  p.dst = "8.8.8.8"
  p.sport = 1
  p.dport = 6
  log "#{p} #{right?(p)} #{p.data.u16(34, :big)} #{p.data.u16(36, :big)}"
end
on :net_tx, dport: 6 do |p|
  p.payload = "a longer one, of an odd number"
  log "#{p} #{right?(p)} #{p.payload.to_s} #{p.data.u16(16, :big)} #{p.data.u16(38, :big)}"
  p.payload = ""
  log "#{p} #{right?(p)} #{p.payload.size}"
  try { p.src = "::1" }
  try { p.src = "10.0.0.0/8" }
  try { p.dport = 65536 }
  try { p.vlan = 5 }
  try { p.payload = "x" * 66000 }
end
on(:net_tx, ethertype: :arp) { |p| p.dst = "10.0.2.9"; log "#{p.arp.target}"; try { p.dport = 1 }; try { p.payload = "" }; try { p.done { } }; try { p.deny :media_error } }
on(:net_tx, vlan: 5) { |p| said(p, "vlan"); p.vlan = 6; log "#{p.vlan} #{p.data.u16(14, :big)}" }
on(:net_tx, fragment: 1) { |p| try { p.payload = "x" }; log p.to_h.inspect }

nic.deny :tx, protocol: :tcp, dport: [7, 8..9]
nic.allow :tx, protocol: :udp, dst: "10.0.0.0/8", dport: :domain, track: true
nic.deny :rx, match: "udp"
nic.on(:unmatched) { |p| log "unmatched #{p.dport.inspect}" if p.dport == 10 || p.rx? }
at_exit { log "#{nic.counts} #{nic.connections} #{nic.default}" }

# Packets of a script's own.
FRAME = "\xff" * 12 + "\x88\xb5" + "x" * 46
try { log "sent #{Nic[0].transmit(FRAME)} #{Nic[0].deliver(FRAME)}" }
try { Nic[0].transmit("short") }
try { Nic[0].deliver("x" * 9019) }
try { Nic.new(3).transmit(FRAME) }
