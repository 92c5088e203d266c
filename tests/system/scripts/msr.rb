# MSRs: some that hold what is written, for each verdict.
on(:msr_write, 0xc0000103) { |m| puts "watched #{m}" }
on(:msr_read, 0xc0000103) { |m| puts "fetched 0x#{m.value.to_s(16)}" }
on(:msr_read, 0xc0000102) { |m| m.value = m.value + 1 }
on(:msr_write, 0xc0000101) { |m| m.value = m.value + 0x1000 }
on(:msr_read, 0x1234) { |m| m.value = 0x5678 }
on(:msr_read, 0xc0000100) { |m| m.deny }
on(:msr_write, 0xc0000100) { |m| m.deny }
on(:msr_write, 0xc0000081) { |m| m.ignore }
