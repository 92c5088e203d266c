# All MSRs there are, in one hook each for reads and writes, until the guest writes 0xc0000103.
seen = []
hooks = [:msr_read, :msr_write].map do |kind|
  on(kind) do |m|
    seen << "#{kind} 0x#{m.msr.to_s(16)}"
    m.value = 5 if m.msr == 0xffffffff
    hooks.each(&:off) if m.msr == 0xc0000103
  end
end
at_exit { puts seen.join(", ") }
