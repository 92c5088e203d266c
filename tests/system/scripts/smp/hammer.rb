# Counts the events of two CPUs, and adds up what they write: 1, 2, ... n each, and 2^24 more on CPU 1.
count = 0
sum = 0

on(:port_write, 0x5100) do |io|
  count += 1
  sum += io.value
end

at_exit { puts "hammered #{count} events, sum #{sum}" }
