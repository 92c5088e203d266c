# Ports: one of QEMU's pc-testdev (0xe0 to 0xe3 hold what is written) for each verdict.
on(:port_write, 0xe0, width: 1) { |io| puts "watched #{io}" }
on(:port_read, 0xe0, width: 1) { |io| puts "fetched 0x#{io.value.to_s(16)}" }
on(:port_read, 0xe1, width: 1) { |io| io.value = io.value ^ 0xff }
on(:port_write, 0xe2, width: 1) { |io| io.value = io.value + 1 }
on(:port_read, 0x71, width: 1) { |io| io.value = 0x42 }
on(:port_read, 0xe3, width: 1) { |io| io.deny }
on(:port_write, 0xe3, width: 1) { |io| io.drop }
on(:port_read, 0xe0..0xe3, width: [2, 4]) { |io| io.value = io.value + 0x1111 }
on(:port_write, 0xe0, width: 4, value: 0x00c0ffee) { |io| io.deny }
on(:port_write, 0xe0, width: 2, observe: true) { |io| puts "observed #{io}"; io.deny }
