# No Ruby instruction runs while a big number becomes text: our own code sees that time is short.
# group: c
# guest: deny
# state: alive
# log: ${name}: .*the time budget is too short
big = 3 ** 30_000
on(:port_read, PORT, on_error: :deny) { |io| big.to_s }
