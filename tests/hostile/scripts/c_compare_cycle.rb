# Comparisons that call each other, and structures that hold themselves.
# group: c
# guest: deny
# state: killed
# log: ${name}: killed .*its time of \d+ us is up
class Ring
  include Comparable
  def <=>(other) = other > self ? -1 : 1
  def coerce(other) = [self, other]
  def +(other) = other + self
  def to_str = to_s + self
end
array = []
array << array << {array => array}
n = -1
WAYS = [-> { Ring.new > Ring.new }, -> { [Ring.new, Ring.new].sort }, -> { Ring.new.clamp(Ring.new, Ring.new) },
        -> { 1 + Ring.new }, -> { "a" + Ring.new }, -> { array == [array] }, -> { array.hash }, -> { array.flatten },
        -> { array.inspect; array <=> [array] }, -> { array.join }, -> { Set.new([array]).inspect }]
on(:port_read, PORT, on_error: :deny) do |io|
  WAYS[n = (n + 1) % WAYS.size].call
  raise "done"
end
