# Changes what is written to APIC_BASE: the APIC goes to the page whose number port 0x5100 got.
page = 0
on(:port_write, 0x5100) { |io| page = io.value }
on(:msr_write, 0x1b) { |msr| msr.value = page << 12 | msr.value & 0xfff if page != 0 }
