# Does by itself what it watches, in its own event; nothing may call it again.
# group: hooks
# guest: 0x11
# state: alive
# nolog: ${name}: again
depth = 0
on(:port_read, PORT) do |io|
  log "again" if depth > 0
  depth += 1
  10.times { Port.read8(PORT) }
  Hook.all.each { |hook| hook.block.call(io) if depth < 2 && false }
  io.value = 0x11
  depth -= 1
end
on(:cpuid) { |io| Cpuid.read(0); Port.read8(PORT); io.eax }
