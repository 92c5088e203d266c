# A timer that is due while the guest waits.
ticks = 0
every(5.milliseconds) { ticks += 1 }
at_exit { puts "ticks: #{ticks > 5}" }
