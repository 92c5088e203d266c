# Strings times numbers, and what multiplies them otherwise.
# group: c
# guest: deny
# state: alive killed
# log: ${name}.*Error
n = -1
WAYS = [-> { "a" * (1 << 40) }, -> { "a" * -1 }, -> { loop { "a" * 1_000_000 } },
        -> { "ab".center(1 << 40) }, -> { "a".ljust(10**18, "bc") }, -> { s = "a"; loop { s << s } },
        -> { s = "x" * 1_000_000; loop { s += s } }, -> { "%s" * 100_000 % ([1] * 30_000) }]
on(:port_read, PORT, on_error: :deny) do |io|
  WAYS[n = (n + 1) % WAYS.size].call
  raise "done"
end
