on(:port_read, 0x60) { |io| io.value ^= 1 }
on(:port_write, 0x80) { |io| io.value = io.value + 1 }
on(:port_read, 0x61) { |io| io.deny }
on(:port_write, 0x61) { |io| io.deny }
on(:port_read, 0x62) { |io| io.value = 0x5a }
on(:port_write, 0x63) { |io| io.drop }
on(:port_read, 0x64) { |io| io.drop }
on(:port_access, 0x70..0x71) { |io| log io.to_s, direction: io.direction, offset: io.offset }
on(:port_write, 0x90, value: 0x12) { |io| io.value = 0x21 }
on(:port_write, 0x91, value: 0x80, mask: 0xf0) { |io| io.drop }
on(:port_read, 0x92, width: 2) { |io| io.value = io.mask }
on(:port_read, [0x94, 0x96]) { |io| io.value = io.port & 0xff }
on(:port_write, 0x98) { |io| io.value = -1 }
on(:port_read, 0x9a) { |io| io.deny; io.pass }
on(:port_write, 0x9b, observe: true) { |io| io.drop }
