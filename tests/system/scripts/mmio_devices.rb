# What firmware and Linux drive on q35: I/O APIC, HPET, the BARs of VGA, network and AHCI.
on(:mmio_access, 0xfec00000..0xfec00fff) { |io| }
on(:mmio_access, 0xfed00000..0xfed003ff) { |io| }
on(:mmio_access, 0xfebd0000..0xfebfffff) { |io| }
