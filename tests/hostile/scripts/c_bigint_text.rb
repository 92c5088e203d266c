# No Ruby instruction runs while a big number becomes text.
# group: c
# guest: deny
# state: killed
# log: ${name}: killed .*its time of \d+ us is up
big = 3 ** 30_000
on(:port_read, PORT, on_error: :deny) { |io| big.to_s }
