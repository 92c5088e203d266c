assert("Log.line puts pairs after the text") do
  assert_equal "uart value=65", Log.line("uart", { value: 65 })
  assert_equal "x name=plain", Log.line("x", { name: "plain" })
  assert_equal 'x name="two words"', Log.line("x", { name: "two words" })
  assert_equal "blocked kind=write", Log.line(:blocked, { kind: :write })
  assert_equal "[1, 2] n=nil", Log.line([1, 2], { n: nil })
end

assert("log without a text is the module Log") do
  assert_same Log, log
  assert_nil log.warning("a warning", n: 1)
end

assert("log refuses two texts") do
  assert_raise(ArgumentError) { log "a", "b" }
end

assert("Log.write refuses a level that does not exist") do
  assert_raise(ArgumentError) { Log.write(9, "x") }
end

assert("p returns what it was given") do
  assert_equal 1, p(1)
  assert_equal [1, 2], p(1, 2)
  assert_nil p
end

assert("puts takes arrays, nothing and text that ends a line") do
  assert_nil puts
  assert_nil puts("a\n")
  assert_nil puts([1, [2, 3]])
end

assert("sprintf takes integers above 63 bits") do
  big = 0xffffffff81000000
  assert_equal "ffffffff81000000", "%x" % big
  assert_equal "00ffffffff81000000", "%018x" % big
  assert_equal "  ffffffff81000000|", "%18x|" % big
  assert_equal "ffffffff81000000  |", "%-18x|" % big
  assert_equal "0xffffffff81000000", "%#x" % big
  assert_equal "18446744071578845184", "%d" % big
  assert_equal "-18446744071578845184", "%d" % -big
  assert_equal "a 5% 0ffffffff81000000 b c", sprintf("a %d%% %017x %s %s", 5, big, "b", :c)
  assert_equal "2a", "%x" % 42
  assert_raise(ArgumentError) { sprintf("%x %x", big) }
end

assert("sprintf takes integers above 63 bits wherever a directive takes one") do
  big = 0xffffffff81000000
  assert_equal "<ffffffff81000000> {} * $", "<%x> {} * $" % big
  assert_equal "ffffffff81000000 1", sprintf("%2$x %1$d", 1, big)
  assert_equal "ffffffff81000000 at 18446744071578845184", "%<a>x at %{a}" % { a: big }
  assert_equal "    ffffffff81000000|ffffffff81000000    |", sprintf("%*x|%*x|", 20, big, -20, big)
  assert_equal "..f000000007f000000 ..f7 -ffffffff81000000", "%x %x %+x" % [-big, -9, -big]
  assert_equal "18446744071578845184.00 100000000000000000000", "%.2f %d" % [big, 1e20]
  assert_raise(ArgumentError) { sprintf("%3$x", 1, big) }
  assert_raise(KeyError) { sprintf("%<b>x", { a: big }) }
end

class FormatChanger
  def initialize(format)
    @format = format
  end

  def to_s
    @format.replace("x" * 1000)
    GC.start
    "changed"
  end
end

assert("sprintf survives arguments that change the format") do
  format = "%s %x and " * 3 + "more"
  changer = FormatChanger.new(format)
  assert_equal "changed 1 and changed 1 and changed 1 and more", sprintf(format, changer, 1, changer, 1, changer, 1)
  format = "%s %x and " * 3 + "more"
  changer = FormatChanger.new(format)
  assert_equal "changed 8000000000000000 and changed 1 and changed 1 and more",
               sprintf(format, changer, 1 << 63, changer, 1, changer, 1)
end

# What mruby's own sprintf gets wrong; expected is what Ruby prints.
assert("Kernel#sprintf: floats with flags") do
  assert_equal "-001.500|0009.500|+0001.50", "%08.3f|%08.3f|%+08.2f" % [-1.5, 9.5, 1.5]
  assert_equal "-0097401.100|0001.2e+03|1E+20", "%012.3f|%010.1e|%G" % [-97401.1, 1234.5, 1e20]
  assert_equal "3.14      | 2.5|3.|-002.00", "%-10.2f|% .1f|%#.0f|%07.2f" % [3.14159, 2.5, 3.0, -2]
  assert_equal " 12.3% 5 x ffffffffffffffff", "%5.1f%% %d %s %x" % [12.34, 5, "x", 0xffffffffffffffff]
  assert_equal "Inf -Inf NaN", "%f %f %f" % [1.0 / 0, -1.0 / 0, 0.0 / 0]
  assert_raise(TypeError) { "%f" % [nil] }
  assert_raise(ArgumentError) { "%f %f" % [1.5] }
end

assert("sprintf puts a sign before digits of any base") do
  assert_equal [" 8", "+8", " 10", "+1000"], ["% x" % 8, "%+x" % 8, "% o" % 8, "%+b" % 8]
  assert_equal ["-8", "-0x8", "..f8"], ["% x" % -8, "%+#x" % -8, "%x" % -8]
  assert_equal ["..fff8", "..fff8", "..7770"], ["%.6x" % -8, "%06x" % -8, "%.6o" % -8]
  assert_equal "+00ff|8", "%+05x|%d" % [255, 8]
end
