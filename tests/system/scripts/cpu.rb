# Something that runs Ruby at a port, an MSR and at CPUID, with floats, and changes nothing.
sum = 0.0
on(:port_read, 0x80) { |io| sum = Math.sqrt(sum + io.value * 1.5) }
on(:msr_read, 0xc0000102) { |m| sum += m.value.to_f / 3 }
on(:cpuid, 0) { |c| sum += c.ebx / 7.0 }
