# A host that is not there, 10.0.x.99 of the cards 1 and 2: the script answers for it, and tells the wire of each ping by a
# frame of its own. The first card is another script's: there it may send nothing.
GHOST = "\x02\x00\x00\x00\x00\x63".b
HOSTS = ["10.0.2.99", "10.0.3.99"]
refused = full = 0

on(:net_tx, nic: 1..2, ethertype: :arp, dst: HOSTS) do |packet|
  f = packet.data.to_s
  packet.nic.deliver(f[6, 6] + GHOST + f[12, 8] + "\x00\x02".b + GHOST + f[38, 4] + f[22, 6] + f[28, 4])
  packet.drop
end

on(:net_tx, nic: 1..2, protocol: :icmp, dst: HOSTS) do |packet|
  f = packet.data.to_s
  sum = f[36, 2].unpack1("n") + 0x0800 # from a request to a reply
  packet.nic.deliver(f[6, 6] + GHOST + f[12, 14] + f[30, 4] + f[26, 4] + "\x00\x00".b +
                     [(sum & 0xffff) + (sum >> 16)].pack("n") + f[38, f.bytesize])
  packet.nic.transmit("\xff".b * 6 + f[6, 6] + "\x88\xb5".b + "ghost" * 10)
  packet.drop
end

on(:net_packet, nic: 1..2, observe: true) do
  Nic[0].transmit("\xff".b * 14)
rescue AccessError => error
  puts "ghost: #{error.message}" if (refused += 1) == 1
end
