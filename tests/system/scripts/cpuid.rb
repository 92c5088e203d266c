# CPUID: watched, changed, denied, one subleaf only.
on(:cpuid, 0) { |c| puts "watched #{c} ebx=0x#{c.ebx.to_s(16)}" }
on(:cpuid, 1) { |c| c.ecx = c.ecx & ~(1 << 28) }
on(:cpuid, 0x80000002) { |c| c.eax = 0x65746952 }
on(:cpuid, 0x80000003) { |c| c.deny }
on(:cpuid, 13, subleaf: 1) { |c| c.eax = 0x77 }
