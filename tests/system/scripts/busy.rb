# Busy for a fixed time at each read of a port, and changes nothing.
ticks = Machine.tsc_hz / 1000 * 2
on(:port_read, 0x80, budget: 100.milliseconds) do
  start = Machine.tsc
  nil while Machine.tsc - start < ticks
end
