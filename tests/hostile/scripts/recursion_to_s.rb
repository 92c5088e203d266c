# inspect, to_s, ==, hash, <=> and coerce that call themselves through C.
# group: recursion
# guest: deny
# state: alive killed
# log: ${name}.*Error
class Deep
  def inspect = [self].inspect
  def to_s = "#{[self].join}#{self}"
  def ==(other) = [self] == [other]
  def hash = [self].hash
  def eql?(other) = [self].eql?([other])
  def <=>(other) = [self] <=> [other]
  def respond_to_missing?(*) = true
end
n = -1
WAYS = [:inspect, :to_s, :hash]
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  n = (n + 1) % 5
  case n
  when 3 then Deep.new == Deep.new
  when 4 then Deep.new <=> Deep.new
  else Deep.new.__send__(WAYS[n])
  end
end
