assert("Msr reads back 64 unsigned bits") do
  Msr.write(0xc0000102, 0xffff_8000_0000_0000)
  assert_equal 0xffff_8000_0000_0000, Msr.read(0xc0000102)
  Msr.write(0xc0000102, -1)
  assert_equal 0xffff_ffff_ffff_ffff, Msr.read(0xc0000102)
end

assert("an MSR that does not exist is an AccessError that names it") do
  error = assert_raise(AccessError) { Msr.read(0x12345) }
  assert_include error.message, "0x12345"
end

assert("Msr refuses numbers above 32 bits") do
  assert_raise(RangeError) { Msr.read(0x1_0000_0000) }
end
