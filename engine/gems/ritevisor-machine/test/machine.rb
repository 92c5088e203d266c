assert("Machine.parse splits words") do
  assert_equal({ "a" => "1", "b" => "x=y", "quiet" => "true" }, Machine.parse("a=1 b=x=y  quiet"))
  assert_equal({}, Machine.parse(""))
end

assert("Machine.convert follows the default's class") do
  assert_equal 0x60, Machine.convert(:n, "0x60", 1)
  assert_equal 0x60..0x64, Machine.convert(:n, "0x60-0x64", 0..1)
  assert_equal 1..3, Machine.convert(:n, "1..3", 0..1)
  assert_equal 5..5, Machine.convert(:n, "5", 0..1)
  assert_equal true, Machine.convert(:n, "yes", false)
  assert_equal :deny, Machine.convert(:n, "deny", :pass)
  assert_equal [1, 2], Machine.convert(:n, "1,2", [0])
  assert_equal "x", Machine.convert(:n, "x", "y")
  assert_raise(ArgumentError) { Machine.convert(:n, "six", 1) }
  assert_raise(ArgumentError) { Machine.convert(:n, "maybe", true) }
end

assert("Machine knows its facts") do
  assert_true Machine.tsc_hz > 0
  assert_true Machine.tsc > 0
  assert_true Machine.memory_end > 0
  assert_equal 32, Machine.statistics[:exits_by_kind].size
end

assert("seeds differ") do
  assert_not_equal Machine.random_seed, Machine.random_seed
end
