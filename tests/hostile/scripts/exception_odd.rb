# Raising what is no exception, or hardly one.
# group: recursion
# guest: deny
# state: alive
# log: ${name}.*\(
class Maker
  def exception(*) = self
end
class Twice < Exception
  def self.new(*) = nil
  def self.exception(*) = 5
end
n = -1
WAYS = [-> { raise nil }, -> { raise 42 }, -> { raise Object }, -> { raise Maker.new }, -> { raise Twice }, -> { raise Class },
        -> { raise Exception.allocate }, -> { e = RuntimeError.new; e.set_backtrace(nil); raise e },
        -> { e = RuntimeError.new("x" * 100_000); e.set_backtrace(["y" * 10_000] * 100); raise e },
        -> { raise RuntimeError, Object.new }, -> { raise RuntimeError.new(nil) }, -> { e = RuntimeError.new; raise e, cause: e },
        -> { throw :nothing }, -> { raise StopIteration }, -> { raise SystemStackError }, -> { raise NoMemoryError }]
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) do |io|
  begin; WAYS[n = (n + 1) % WAYS.size].call; rescue StandardError, TypeError; end
  WAYS[n = (n + 1) % WAYS.size].call
  raise "done"
end
