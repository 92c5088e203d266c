# `accept` ends the chain; deny may say why; an event is a Hash too.
on(:port_write, 0x80..0x82) do |io|
  case io.port
  when 0x80 then io.accept
  when 0x81
    io.value = 7
    io.accept
  else
    io.accept
    io.value = 9
    io.pass if io.width == 2
  end
end
on(:port_write, 0x80..0x82) { |io| io.value = 1 }
on(:port_read, 0x90) { |io| io.accept }
on(:port_read, 0x90) { |io| io.value = 1 }
on(:port_read, 0x91) { |io| io.accept; io.value = 3 }
on(:port_read, 0x91) { |io| io.value = 1 }
on(:port_read, 0x92) { |io| io.accept; io.deny }
on(:port_read, 0x92) { |io| io.value = 1 }
on(:port_read, 0x93, observe: true) { |io| io.accept }
on(:port_read, 0x93) { |io| io.value = 1 }
on(:msr_write, 0x1b) { |msr| msr.deny("not this one") }
on(:port_read, 0x94) { |io| log io.to_h.inspect; io.value; log io.to_h.inspect }
on(:cpuid, 3) { |cpu| log cpu.to_h.inspect; cpu.eax = 5; log cpu.to_h.inspect }
every(1.seconds) { |event| log event.to_h.inspect }
