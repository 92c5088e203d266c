# Hooks and a timer that are in force before the machine sleeps and behind that, in the state that they had.
reads = 0
ticks = told = 0
on(:port_read, 0x81) do |io|
  reads += 1
  io.value = 0x40 + reads
end
every(200.milliseconds) { ticks += 1 }
on(:port_write, 0x82) do
  puts "no tick since the last time" if ticks == 0
  told += 1
  ticks = 0
end
at_exit { puts "asked for ticks #{told} times" }
