on(:msr_read, 0x10) { |io| io.value += 5 }
on(:msr_read, 0x1b) { |io| io.deny }
on(:msr_read, 0x79) { |io| io.drop }
on(:msr_write, 0x79) { |io| io.ignore }
on(:msr_write, 0xc0000082) { |m| m.deny if m.seen? }
on(:msr_read, 0x9999) do |io|
  begin
    io.value
  rescue AccessError => e
    log e.message
    io.value = 42
  end
end
on(:msr_read, 0x9998) { |io| io.value }
on(:msr_write, msr: 0x174) { |io| io.value = 0xffff_ffff_8000_0000 }
