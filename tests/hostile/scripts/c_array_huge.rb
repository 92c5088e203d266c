# Arrays that no memory holds.
# group: c
# guest: deny
# state: alive killed
# log: ${name}
n = -1
ARRAYS = [-> { Array.new(10**9) }, -> { Array.new(1 << 62) { 1 } }, -> { [1] * (1 << 61) },
          -> { [][1 << 40] = 1 }, -> { [].insert(1 << 50, 1) }, -> { [1].fill(0, 0, 1 << 60) },
          -> { (0..1 << 60).to_a }, -> { [1, 2, 3].cycle.lazy.map { |x| x }.to_a },
          -> { Array(0..10**10) }, -> { [*0..30_000].product([*0..30_000], [*0..30_000]) },
          -> { [*0..60].permutation.to_a }, -> { [*0..60].combination(30).count },
          -> { [[1] * 30_000] * 30_000 * 2 }, -> { a = [0] * 32_768; a.concat(a) }]
on(:port_read, PORT, on_error: :deny) do |io|
  2.times { begin; ARRAYS[n = (n + 1) % ARRAYS.size].call; rescue StandardError => e; end }
  raise "done"
end
