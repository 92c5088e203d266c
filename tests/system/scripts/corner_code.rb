# As corner.rb, and the pages that the corner case guests run their instructions from are watched too,
# by a hook on two of their bytes.
on(:port_access, 0x81..0x84) { |io| io.value }
on(:msr_access, 0xc0000102) { |msr| msr.value }
on(:mmio_access, 0x8000000..0x8000fff) { |io| io.value }
on(:mmio_access, 0x4000fff..0x4001000) { |io| io.value }
on(:cpuid, 0) { |leaf| leaf.ebx }
