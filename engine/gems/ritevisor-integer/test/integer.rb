# tests/ruby/compare_numbers holds each method against CRuby's; here is what scripts rely on.

ADDRESS = 0xffffffff81234567

assert("64-bit unsigned values under masks") do
  assert_equal 0xffffffff81234000, ADDRESS & ~0xfff
  assert_equal(-1, ADDRESS | -1)
  assert_equal 0x7edcba98, ADDRESS ^ 0xffffffffffffffff
  assert_equal 0x1ffffffff, ADDRESS >> 31
  assert_equal 1, ADDRESS[63]
  assert_equal 64, ADDRESS.bit_length
  assert_true ADDRESS.odd?
end

assert("64-bit unsigned values in order") do
  assert_true 0x1000 < ADDRESS
  assert_true ADDRESS > 0x7fffffffffffffff
  assert_equal [5, ADDRESS], [ADDRESS, 5].sort
  assert_equal ADDRESS, [ADDRESS, 5].max
  assert_true (0..0xffffffffffffffff).include?(ADDRESS)
end

assert("64-bit unsigned values as text") do
  assert_equal ADDRESS, "ffffffff81234567".to_i(16)
  assert_equal "ffffffff81234567", ADDRESS.to_s(16)
  assert_equal 100000000000000000000, 1e20.to_i
end

assert("Integers beside Floats are not rounded") do
  one, two = 9007199254740993, 9007199254740992.0
  assert_false one == two
  assert_false two == one
  assert_true one > two
  assert_true two < one
  assert_false one <= two
  assert_false [one].include?(two)
  assert_equal 2, (case two when one then 1 else 2 end)
  assert_true 0x7fffffffffffffff < 9223372036854775808.0
  assert_false(-9223372036854775807 == -9223372036854775808.0)
  assert_true 3 == 3.0
  assert_equal 9007199254740993.0, one + 0.0
end

assert("Rationals are exact, or raise") do
  assert_equal 3074457345618258603, Rational(0x8000000000000001, 3)
  assert_equal Rational(12157665459056928801 / 9, 1), Rational(3, 1)**38
  assert_equal 1, Rational(0x7fffffffffffffff, 5) <=> Rational(1, 7)
  assert_equal Rational(-1, 3), Rational(1, -3)
  assert_equal 0.5, Rational(1, 2).to_f
  assert_equal(-0.5, Rational(-1, 2).to_f)
  assert_equal Rational(2, 5), Rational(1, 2.5)
  assert_equal Rational(1, 4), 2**Rational(-2, 1)
  assert_raise(RangeError) { ADDRESS.to_r }
  assert_raise(RangeError) { Rational(1, ADDRESS) }
  assert_raise(RangeError) { Rational(1, 2) - ADDRESS }
  assert_raise(RangeError) { 1e-300.to_r }
  assert_raise(ZeroDivisionError) { Rational(1, 0) }
end
