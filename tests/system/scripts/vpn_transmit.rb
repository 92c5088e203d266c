# What a script sends by itself into a tunnel: datagrams, one that is too long, more than may go at once; and frames with a mark that may
# leave nowhere: of others' addresses, of types that are none of the tunnel's, and such as the egress gate would let its own side send.
MARK = "NOBODY MAY SEE THIS"

def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

def ip(source, destination, ethertype = 0x0800)
  udp = [51820, 51002, 8 + 4 + MARK.size, 0, 4].pack("n4V") + MARK
  header = [0x45, 0, 20 + udp.size, 0, 0, 64, 17, 0, *source, *destination].pack("CCnNCCnC8")
  sum = header.unpack("n10").sum
  sum = (sum & 0xffff) + (sum >> 16) while sum > 0xffff
  header[10, 2] = [sum ^ 0xffff].pack("n")
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56].pack("C12") + [ethertype].pack("n") + header + udp
end

INSIDE, OUTSIDE, PEER, THERE = [10, 9, 0, 2], [10, 0, 2, 15], [10, 0, 2, 2], [10, 9, 0, 1]
FRAMES = [
  ip(OUTSIDE, PEER), ip(OUTSIDE, THERE), ip(INSIDE, [255] * 4), ip(INSIDE, [224, 0, 0, 1]), # another's address, or no machine's
  ip(OUTSIDE, PEER, 0x0806), ip(OUTSIDE, PEER, 0x86dd), ip(OUTSIDE, PEER, 0x888e), ip(OUTSIDE, PEER, 0x8100),
]

try { Udp.transmit("at the start", to: "10.9.0.1", port: 5140) } # nobody knows whether the service runs yet
on(:vpn_up) do
  Udp.transmit("a script's", to: "10.9.0.1", port: 5140)
  Udp.transmit("a script's by IPv6", to: "fd00:9::1", port: 5140, from: 514)
  Udp.transmit("x" * Vpn.status.mtu.-(28), to: "10.9.0.1", port: 5140)
  try { Udp.transmit("x" * Vpn.status.mtu.-(27), to: "10.9.0.1", port: 5140) }
  FRAMES.each { |frame| Nic[0].transmit(frame) }
  sent = 0
  begin
    1000.times { Udp.transmit("a burst's", to: "10.9.0.1", port: 5140); sent += 1 }
  rescue NicBusy => error
    log "#{error.class} behind #{sent}: #{error.message}"
  end
end
on(:vpn_down) { try { Udp.transmit("dead", to: "10.9.0.1", port: 5140) } }
