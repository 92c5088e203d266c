# Exceptions whose message, class name or to_s never comes to an end: reporting them is on the clock too.
# group: recursion
# guest: deny
# state: alive killed
# log: ${name}.*(no message|killed .*its time of \d+ us is up)
class Slow < StandardError
  def message = loop {}
  def to_s = loop {}
  def inspect = loop {}
  def self.name = loop {}
  def self.to_s = loop {}
end
on(:port_read, PORT, on_error: :deny) { |io| raise Slow }
