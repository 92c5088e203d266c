# Numbers of millions of digits.
# group: c
# guest: deny
# state: alive killed
n = -1
POWERS = [-> { 3 ** 10_000_000 }, -> { 1 << (1 << 40) }, -> { (1 << 4_000_000) * (1 << 4_000_000) },
          -> { ("9" * 900_000).to_i }, -> { (10 ** 5_000).to_s(2) * 1000 }]
on(:port_read, PORT, on_error: :deny) do |io|
  POWERS[n = (n + 1) % POWERS.size].call
  raise "done"
end
