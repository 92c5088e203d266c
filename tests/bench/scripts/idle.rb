# One hook, as most scripts have; says how much heap is mapped for it.
on(:port_read, 0x80) { |io| log "idle: heap #{Machine.statistics[:heap]}" }
