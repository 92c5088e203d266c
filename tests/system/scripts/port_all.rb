# Logs every access to every port, which is steady garbage over a whole boot.
count = 0
on(:port_access) do |io|
  count += 1
  log io, count: count, rip: "0x%x" % io.registers.rip
end
at_exit do
  statistics = Machine.statistics
  log "alive", seen: count, heap: statistics[:heap], steps: statistics[:gc_steps] + statistics[:gc_idle_steps]
end
