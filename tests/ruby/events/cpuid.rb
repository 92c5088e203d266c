on(:cpuid, 1) { |io| io.ecx &= ~(1 << 31) }
on(:cpuid, 0x40000000) { |io| io.deny }
on(:cpuid, 7, subleaf: 1) { |io| io.eax = 0x11; io.ebx = 0x22 }
on(:cpuid, leaf: 0x80000000) do |io|
  io.eax = 0x80000001
  log io.to_s, registers: io.registers.rax
end
on(:cpuid, 2) { |io| io.value }
