# One Hash, one Set, one Array, one String: each grows as long as it can.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*Error
n = -1
WAYS = [-> { h = {}; i = 0; loop { h[i += 1] = i } }, -> { a = []; loop { a << a.size } }, -> { s = +""; loop { s << "abcdefgh" * 100 } },
        -> { s = Set.new; i = 0; loop { s << (i += 1) } }, -> { h = Hash.new { |t, k| t[k + 1] }; h[0] }]
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) { |io| WAYS[n = (n + 1) % WAYS.size].call }
