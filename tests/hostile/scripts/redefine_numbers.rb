# Arithmetic means something else from now on.
# group: redefine
# guest: deny
# state: alive killed
class Integer
  [:+, :-, :*, :==, :<, :>, :<=, :>=, :<=>, :&, :|, :>>, :times, :to_s, :hash, :coerce, :seconds].each do |name|
    define_method(name) { |*arguments| raise "no numbers" }
  end
end
class Float
  def to_s = loop {}
end
on(:port_read, PORT, on_error: :deny) { |io| [3, 1, 2].sort.map { |x| x + 1 }.sum.to_s; 5.times {}; io.value = 1 + 2; raise "x#{1 * 2}" }
