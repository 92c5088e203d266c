assert("Port reads back what the simulated register holds") do
  Port.write8(0x80, 0x5a)
  assert_equal 0x5a, Port.read8(0x80)
  Port.write32(0x84, 0xdeadbeef)
  assert_equal 0xdeadbeef, Port.read32(0x84)
  Port.write16(0x88, 0x1234)
  assert_equal 0x1234, Port.read16(0x88)
end

assert("Port reads ones where no device answers") do
  assert_equal 0xff, Port.read8(0x7777)
end

assert("Port refuses ports and values that do not fit") do
  assert_raise(RangeError) { Port.read8(0x10000) }
  assert_raise(RangeError) { Port.read8(-1) }
  assert_raise(RangeError) { Port.write8(0x80, 0x100) }
  assert_raise(TypeError) { Port.read8("0x80") }
end
