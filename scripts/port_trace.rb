# port_trace.rb: logs what the guest reads from and writes to I/O ports.
#
# Settings (words of the boot command line):
#   ports=0x60-0x64   which ports (default: 0x70-0x71, the real-time clock)
#   width=1           only accesses of this many bytes (default: all)
#   limit=200         stops after so many lines, so that the log stays readable (default: 1000)
#   reads=no          only writes (default: yes)
#   registers=yes     also shows where in the guest it came from (default: no)

PORTS = setting(:ports, 0x70..0x71)
WIDTH = setting(:width, 0)
LIMIT = setting(:limit, 1000)
READS = setting(:reads, true)
REGISTERS = setting(:registers, false)

$lines = 0
$hooks = []

filters = WIDTH == 0 ? {} : { width: WIDTH }
kinds = READS ? [:port_read, :port_write] : [:port_write]

$hooks << on(*kinds, PORTS, **filters) do |io|
  origin = REGISTERS ? " rip=%016x" % io.registers.rip : ""
  puts "port %04x %s %0#{io.width * 2}x%s" % [io.port, io.write? ? "<-" : "->", io.value, origin]
  $lines += 1
  if $lines == LIMIT
    log.notice "port_trace: #{LIMIT} lines, stopping (limit=...)"
    $hooks.each { |hook| hook.off }
  end
end

log "tracing ports", ports: "0x%x-0x%x" % [PORTS.begin, PORTS.end], limit: LIMIT
