# Work that an engine does within its budget if it runs freely.
on(:port_read, 0x80, budget: 400.milliseconds) do |io|
  2_000.times { }
  io.value = 0x5a
end
