# A timer.
count = 0
every(100.milliseconds) { count += 1 }
at_exit { puts "timer ran #{count > 0}" }
