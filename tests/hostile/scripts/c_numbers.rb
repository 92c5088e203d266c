# Numbers that are hard on those who compute with them.
# group: c
# guest: deny
# state: alive killed
n = -1
WAYS = [-> { Rational(1, 3) ** 100_000 }, -> { Complex(1, 2) ** (1 << 40) }, -> { (1..10**18).sum { |x| x } },
        -> { Rational(1.0e-300) ** 40 }, -> { 10**18 % 0 }, -> { 0.0.step(1.0, 1.0e-300) {} },
        -> { Integer.sqrt(-1) }, -> { (-(1 << 63)) / -1 }, -> { (-(1 << 63)).divmod(-1) }, -> { (1 << 63).to_f.to_i << -200 },
        -> { Float::INFINITY.to_i }, -> { Float::NAN.round(1 << 40) }, -> { 1.5.round(-(1 << 62)) }, -> { 123.digits(1) },
        -> { 2.pow(1 << 70, 0) }, -> { 3.pow(1 << 4000, 1 << 4000) }]
on(:port_read, PORT, on_error: :deny) do |io|
  2.times { begin; WAYS[n = (n + 1) % WAYS.size].call; rescue StandardError; end }
  raise "done"
end
