# Every direct access with arguments that cannot be.
# group: redefine
# guest: deny
# state: alive killed
# log: ${name}.*(0 were taken|BudgetError)
VALUES = [-1, 1 << 16, 1 << 52, 1 << 64, 1 << 70, -(1 << 63), nil, "x", 1.5, Float::NAN, Object.new, [], {}, :a]
n = 0
on(:port_read, PORT, on_error: :deny, budget: 50.milliseconds) do |io|
  taken = 0
  value = VALUES[n = (n + 1) % VALUES.size]
  [-> { Port.read8(value) }, -> { Port.read32(0xffff) }, -> { Port.write16(value, 1) }, -> { Mmio.read(value, 4) }, -> { Mmio.read(0xfee00000, 4) },
   -> { Mmio.read(0xfed00000, value) }, -> { Memory.read(value, 1) }, -> { Memory.read(0, value) }, -> { Memory.read((1 << 64) - 4, 16) },
   -> { Memory.write(value, "x") }, -> { Memory.write(0x1000, value) unless value.is_a?(String); raise TypeError }, -> { Cpuid.read(value) unless value.is_a?(Integer); raise TypeError },
   -> { Memory.write(1 << 51, "x" * 1_000_000) }, -> { Memory.read(1 << 40, 1_000_000) }, -> { PCI.find(id: value); raise TypeError }].each do |way|
    begin
      way.call
      taken += 1 unless value == 1.5 || value == 1 << 16
    rescue StandardError
    end
  end
  raise "#{taken} were taken"
end
