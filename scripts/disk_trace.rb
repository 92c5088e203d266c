# disk_trace.rb: logs what disks are asked for and when they are done, in blktrace's columns.
#
#   ide0      0       12     1.204117020     0  D  WS 2048 + 8 [write]
#
# disk, CPU, number of the line, seconds since the script was loaded, the guest's queue (where blktrace has the
# process), D: given to the disk, or C: done, what it is (R, W, D: discard, F: flush, N: no data), the first sector
# and how many; then the command, or, of what is done, its status (0: none) and how long it took.
#
# Settings:
#   disk=nvme0n1   only this one, or several: ide0,ide1 (default: all)
#   limit=200      stops after so many lines (default: 1000)
#   done=no        only what is given to disks (default: yes)

DISK = setting(:disk, "")
LIMIT = setting(:limit, 1000)
DONE = setting(:done, true)
TYPES = { read: "R", write: "W", write_zeroes: "WZ", discard: "D", flush: "F" }

$start = Machine.tsc
$lines = 0
$hooks = []
$sums = Hash.new { |sums, name| sums[name] = [0, 0, 0, 0] }

def nanoseconds
  (Machine.tsc - $start) * 1_000_000_000 / Machine.tsc_hz
end

def trace(r, action, rest)
  now = nanoseconds
  $lines += 1
  puts "%-8s %2d %8d %5d.%09d %5d %2s %3s %d + %d [%s]" %
       [r.disk, r.cpu, $lines, now / 1_000_000_000, now % 1_000_000_000, r.queue, action,
        TYPES[r.command] || "N", r.lba, r.sectors, rest]
  return if $lines < LIMIT
  log.notice "disk_trace: #{LIMIT} lines, stopping (limit=...)"
  $hooks.each { |hook| hook.off }
end

def add_up(r)
  at = { read: 0, write: 2 }[r.command] or return
  sums = $sums[r.disk.to_s]
  sums[at] += 1
  sums[at + 1] += r.sectors * r.disk.sector_bytes
end

filters = DISK.empty? ? {} : { disk: DISK.split(",").map(&:to_sym) }
$hooks << on(:disk_request, **filters, observe: true) { |r| trace(r, "D", r.command) }
if DONE
  $hooks << on(:disk_done, **filters, observe: true) do |r|
    add_up(r)
    trace(r, "C", r.status == 0 ? "0, #{r.latency} us" : "0x%x" % r.status)
  end
end

at_exit do
  $sums.each do |disk, (reads, read, writes, written)|
    puts "Total (#{disk}): reads completed: #{reads}, #{read / 1024}KiB, writes completed: #{writes}, #{written / 1024}KiB"
  end
end

log "tracing disks", disk: DISK.empty? ? "all" : DISK, limit: LIMIT
