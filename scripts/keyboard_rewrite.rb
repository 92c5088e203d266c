# keyboard_rewrite.rb: swaps keys between the PS/2 keyboard and the guest.
#
# Rewrites scan codes (set 1, as the i8042 controller translates them) that the guest reads from
# port 0x60 while the controller's status says that they are a keyboard's.
#
# Settings:
#   swap=0x1e:0x30,0x3a:0x1d   pairs of scan codes to exchange
#                              (default: 0x3a:0x1d, Caps Lock and left Control)
#   block=0x53                 scan codes that never arrive (default: none)
#   keyboard_log=yes           logs every code (default: no)

SWAP = {}
setting(:swap, "0x3a:0x1d").split(",").each do |pair|
  from, to = pair.split(":").map { |code| Integer(code) }
  SWAP[from] = to
  SWAP[to] = from
end
BLOCK = setting(:block, [])
LOG = setting(:keyboard_log, false)

# i8042 status at port 0x64: bit 0, a byte waits; bit 5, it is the mouse's.
OUTPUT_FULL = 0x01
FROM_MOUSE = 0x20
RELEASED = 0x80   # bit 7 of a scan code: the key goes up

on :port_read, 0x60, width: 1 do |io|
  status = Port.read8(0x64)
  if status & (OUTPUT_FULL | FROM_MOUSE) == OUTPUT_FULL
    code = io.value
    key = code & ~RELEASED
    new_key = SWAP[key] || key
    log "key", code: "0x%02x" % code, becomes: "0x%02x" % (new_key | code & RELEASED) if LOG
    # 0 is what a keyboard sends when it has lost keys; drivers skip it.
    io.value = BLOCK.include?(key) ? 0 : new_key | code & RELEASED
  end
end

log "keyboard_rewrite on", swaps: SWAP.size / 2, blocked: BLOCK.size
