# Counts what the kernel writes to the PIT.
count = 0
on(:port_write, 0x40..0x43) { |io| count += 1 }
at_exit { puts "PIT writes #{count}" }
