# A hook that masks an address of the upper half, as policies for MSRs do.
ADDRESS = 0xffff888000000abc
on(:msr_read, 0xc0000102) { |m| m.value = ADDRESS & ~0xfff }
