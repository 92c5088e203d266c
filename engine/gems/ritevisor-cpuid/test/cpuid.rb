assert("Cpuid.read gives four registers") do
  registers = Cpuid.read(0)
  assert_equal 4, registers.size
  assert_true(registers.all? { |register| register >= 0 && register <= 0xffffffff })
end

assert("Cpuid names vendor and processor") do
  assert_equal "AuthenticAMD", Cpuid.vendor
  assert_equal "Simulated CPU", Cpuid.name
end

assert("Cpuid refuses leaves above 32 bits") do
  assert_raise(RangeError) { Cpuid.read(0x1_0000_0000) }
end
