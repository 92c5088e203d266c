assert("Mmio reads back what it wrote, in every width") do
  [[1, 0x12], [2, 0x1234], [4, 0xdeadbeef], [8, 0xfedcba9876543210]].each do |width, value|
    Mmio.write(0xfeb00000, value, width)
    assert_equal value, Mmio.read(0xfeb00000, width)
  end
end

assert("Mmio defaults to 4 bytes") do
  Mmio.write(0xfeb00010, 0xffffffff)
  assert_equal 0xffffffff, Mmio.read(0xfeb00010)
end

assert("Mmio refuses odd widths, large values and our own memory") do
  assert_raise(ArgumentError) { Mmio.read(0xfeb00000, 3) }
  assert_raise(RangeError) { Mmio.write(0xfeb00000, 0x100, 1) }
  assert_raise(AccessError) { Mmio.read(0x3f000000, 4) }
end
