# A page of RAM taken for a device: every machine has it.
BASE = 0x8000000
on(:mmio_write, BASE) { |io| puts "watched #{io}" }
on(:mmio_read, BASE) { |io| puts "fetched 0x#{io.value.to_s(16)}" }
on(:mmio_read, BASE + 0x10) { |io| io.value = io.value ^ io.mask }
on(:mmio_write, BASE + 0x20) { |io| io.value = io.value + 1 }
on(:mmio_read, BASE + 0x30) { |io| io.value = 0x1234 }
on(:mmio_read, BASE + 0x40) { |io| io.deny }
on(:mmio_write, BASE + 0x50) { |io| io.deny }
on(:mmio_write, BASE + 0x60, width: 2) { |io| io.drop }
on(:mmio_write, BASE + 0x70, value: 0x80, mask: 0x80) { |io| io.value = 0 }
