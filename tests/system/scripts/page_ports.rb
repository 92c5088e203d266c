# Ports that every PC has: the DMA page registers that no channel uses, one for each verdict.
on(:port_write, 0x84, width: 1) { |io| puts "watched #{io}" }
on(:port_read, 0x84, width: 1) { |io| puts "fetched 0x#{io.value.to_s(16)}" }
on(:port_read, 0x85, width: 1) { |io| io.value = io.value ^ 0xff }
on(:port_write, 0x86, width: 1) { |io| io.value = io.value + 1 }
on(:port_read, 0x71, width: 1) { |io| io.value = 0x42 }
on(:port_read, 0x88, width: 1) { |io| io.deny }
on(:port_write, 0x88, width: 1) { |io| io.drop }
