# Every method that loops, one an event.
# group: loops
# guest: deny
# state: alive
# log: ${name}.*BudgetError
LOOPS = [
  -> { (1 << 62).times {} },
  -> { 0.upto(1 << 62) {} },
  -> { (1 << 62).downto(0) {} },
  -> { 1.step { } },
  -> { [1].cycle {} },
  -> { a = [1]; a.each { |x| a << x } },
  -> { (1..).each {} },
  -> { (1..).lazy.map { |x| x * 2 }.select { false }.first },
]
n = -1
on(:port_read, PORT, on_error: :deny) { |io| LOOPS[n = (n + 1) % LOOPS.size].call }
