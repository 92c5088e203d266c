# Ports that every PC has: DMA page registers, one for each verdict.
on(:port_write, 0x81, width: 1) { |io| puts "watched #{io}" }
on(:port_read, 0x81, width: 1) { |io| puts "fetched 0x#{io.value.to_s(16)}" }
on(:port_read, 0x82, width: 1) { |io| io.value = io.value ^ 0xff }
on(:port_write, 0x83, width: 1) { |io| io.value = io.value + 1 }
on(:port_read, 0x71, width: 1) { |io| io.value = 0x42 }
on(:port_read, 0x87, width: 1) { |io| io.deny }
on(:port_write, 0x87, width: 1) { |io| io.drop }
