# Watches the kernel set its system call entry.
on(:msr_write, 0xc0000082) { |m| puts "LSTAR 0x#{m.value.to_s(16)}" }
