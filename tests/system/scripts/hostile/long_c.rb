# No Ruby instruction runs while the big number becomes text.
big = 3 ** 30_000
on(:port_read, 0x80, on_error: :deny) { |io| big.to_s }
