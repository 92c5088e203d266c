# Every access of what the corner case guests touch goes through Ruby and on, unchanged.
on(:port_access, 0x81..0x84) { |io| io.value }
on(:msr_access, 0xc0000102) { |msr| msr.value }
on(:mmio_access, 0x8000000..0x8000fff) { |io| io.value }
on(:cpuid, 0) { |leaf| leaf.ebx }
