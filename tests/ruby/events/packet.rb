# Packets: filters, verdicts, and their data. (The simulated frame has headers that say what the event does.)
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

try { on(:net_tx, port: 65536) { } }
try { on(:net_tx, vlan: 4096) { } }
try { on(:net_rx, nic: 32) { } }

on(:net_packet, port: 25) { |p| log "mail #{p.kind} #{p.sport} #{p.dport}"; p.drop }
on(:net_tx, dst: 0x0a000000, dst_mask: 0xff000000, ethertype: 0x800, dport: 1000..1999) { |p| p.deny }
on(:net_tx, protocol: 17, except: { port: [53, 123] }) { |p| p.drop }
on(:net_rx, vlan: 0..4095) { |p| log "vlan #{p.vlan} #{p.data.u16(16, :big)}" }
on(:net_tx, ethertype: 0x0806) { |p| log [p.protocol, p.sport, p.vlan, p.src].inspect }
on(:net_tx, dport: 9) do |p|
  log p.to_h.inspect
  data = p.data
  log "#{data.size} #{data.u32(p.network_at + 16, :big).to_s(16)} #{data.u16(p.transport_at + 2, :big)} #{data[12, 3].to_s.bytes}"
  data.set_u16(p.transport_at + 2, 10, :big)
end
on(:net_tx, dport: 10) { |p| log "became #{p.dport}" }
on(:net_tx, dport: 11) { |p| p.__resize(100); log "#{p.data.size}"; try { p.__resize(70000) }; try { p.__resize(0) } }
on(:net_tx, length: 100) { |p| log "long" }
on(:net_tx, dport: 12) { |p| p.data[0] = 1; raise "half-way" }
on(:net_tx, dport: 13, on_error: :deny) { |p| raise "before" }
on(:net_rx, dport: 14) { |p| p.delay 1.second }
on(:disk_write, lba: 0) { |r| try { r.__resize(1) } }
on(:nic_attach) { |e| log "attached #{e.nic} #{e.mac}" }
