on(:port_read, 0x60) { |io| io.value += 1 }
on(:port_read, 0x60) { |io| io.value *= 2 }
on(:port_read, 0x61) { |io| io.deny }
on(:port_read, 0x61) { |io| log "not reached" }
on(:port_write, 0x62) { |io| raise "first" }
on(:port_write, 0x62) { |io| io.value = 5 }
