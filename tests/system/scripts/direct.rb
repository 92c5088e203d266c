# What a script does by itself, before the guest starts and inside a hook. The guest checks what was
# written; pc-testdev keeps it.
def refused
  yield
  "not refused"
rescue StandardError => error
  error.class
end

Port.write32(0xe0, 0x11223344)
puts "port 0x#{Port.read8(0xe1).to_s(16)} 0x#{Port.read16(0xe2).to_s(16)}"
Mmio.write(0xff000100, 0xabcd, 2)
puts "mmio 0x#{Mmio.read(0xff000100, 1).to_s(16)} 0x#{Mmio.read(0xff000100).to_s(16)}"
puts "pci 0x#{PCI.config_read(0, 0).to_s(16)} #{PCI.devices.size} devices"
PCI.config_write(PCI.bdf(0, 1, 0), 0x3c, 0x77, 1)
puts "cpuid 0x#{Cpuid.read(0)[1].to_s(16)}"
puts "msr 0x#{Msr.read(0x277).to_s(16)}"

ports = [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x24, 0x3d, 0xbc] # the last ones: not all bits count
puts "controllers #{ports.map { |port| refused { Port.write8(port, 0) } }.uniq} " \
     "#{refused { Port.read16(0x1f) }} #{refused { Mmio.write(0xfec00000, 0, 4) }} " \
     "#{refused { Mmio.write(0xfee01000, 0, 4) }}"

on(:port_read, 0x80) do |io|
  r = io.registers
  puts "registers cpl=#{r.cpl} rdx=0x#{(r.rdx & 0xffff).to_s(16)} long=#{r.efer >> 10 & 1}"
  Memory.write(0x7000, "made by Ruby")
  puts "memory #{Memory.read(0x7000, 12)} #{Memory.read32(0x7000).to_s(16)}"
  puts "beyond #{refused { Memory.read(Machine.memory_end, 1) }}"
  ours = Machine.memory_end - 0x300000
  puts "ours #{refused { Memory.read(ours, 16) }} #{refused { Memory.write(ours, "x") }}"
  puts "ours mmio #{refused { Mmio.read(ours, 4) }} #{refused { Mmio.write(ours, 0, 4) }}"
  puts "own msr #{refused { Msr.write(0xc0010117, 0) }}"
  io.value = 0x21
end

hook = on(:port_read, 0x81) { |io| io.value = 0x31; hook.off }
log.warning "a warning", number: 5, text: "two words"
log.debug "not shown"
