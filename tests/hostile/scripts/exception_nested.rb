# Exceptions in rescue, in ensure, in message, in ===, in at_exit.
# group: recursion
# guest: deny
# state: alive
# log: ${name}.*\(
class Odd < StandardError
  def message = raise(Odd)
  def inspect = raise("inspect")
  def backtrace = raise("backtrace")
  def self.===(other) = raise("case")
end
def dive(n)
  raise Odd, "deep" if n == 0
  begin
    dive(n - 1)
  rescue StandardError => error
    raise error.class, "from #{n}"
  ensure
    begin; raise "ensure #{n}"; rescue StandardError; end
  end
end
n = -1
WAYS = [-> { raise Odd }, -> { dive(50) }, -> { begin; raise "x"; rescue Odd; end }, -> { begin; raise "a"; ensure; raise Odd; end },
        -> { raise Class.new(Odd) }]
at_exit { raise Odd }
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) { |io| WAYS[n = (n + 1) % WAYS.size].call }
