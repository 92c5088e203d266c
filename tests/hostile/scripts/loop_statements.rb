# Every statement that loops, one an event.
# group: loops
# guest: deny
# state: alive
# log: ${name}:1[0-9]: .*BudgetError
LOOPS = [
  -> { while true; end },
  -> { until false; end },
  -> { begin; end while true },
  -> { for i in 0..(1 << 60) do end },
  -> { i = 0; while i >= 0 do i += 1; next if i.odd?; end },
  -> { i = 0; i = 1 while i < 2 },
  -> { begin; raise "again"; rescue StandardError; retry; end },
  -> { while true; break if false; [1].each { |x| x }; end },
]
n = -1
on(:port_read, PORT, on_error: :deny) { |io| LOOPS[n = (n + 1) % LOOPS.size].call }
