assert("Memory reads back strings") do
  assert_equal 5, Memory.write(0x1000, "h\0llo")
  assert_equal "h\0llo", Memory.read(0x1000, 5)
  assert_equal "", Memory.read(0x1000, 0)
end

assert("Memory reads back integers, little-endian") do
  Memory.write64(0x2000, 0xfedcba9876543210)
  assert_equal 0xfedcba9876543210, Memory.read64(0x2000)
  assert_equal 0x76543210, Memory.read32(0x2000)
  assert_equal 0x3210, Memory.read16(0x2000)
  assert_equal 0x10, Memory.read8(0x2000)
  Memory.write8(0x2000, 0xff)
  assert_equal 0x765432ff, Memory.read32(0x2000)
end

assert("Memory refuses what is no RAM, what is ours and what is too much") do
  assert_raise(AccessError) { Memory.read(0x1_0000_0000_0000, 4) }
  assert_raise(AccessError) { Memory.read(0x3f000000, 4) }
  assert_raise(AccessError) { Memory.write(0x3f000000, "x") }
  assert_raise(ArgumentError) { Memory.read(0x1000, -1) }
  assert_raise(ArgumentError) { Memory.read(0x1000, 2 * 1024 * 1024) }
  assert_raise(RangeError) { Memory.write16(0x1000, 0x10000) }
end
