# Exceptions whose every method is gone or raises the next.
# group: redefine
# guest: deny
# state: alive
# log: ${name}.*\(
class Exception
  [:message, :to_s, :inspect, :backtrace, :full_message, :set_backtrace, :==].each { |name| define_method(name) { |*arguments| raise self } }
  def self.new(*) = allocate
  def self.exception(*) = allocate
  def self.===(other) = raise(TypeError)
end
on(:port_read, PORT, on_error: :deny) { |io| begin; raise "x"; rescue => e; raise e; end }
