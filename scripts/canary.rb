# canary.rb: a range of sectors that nobody has business with is bait: who writes there (ransomware goes through all
# files) raises an alarm, and the whole disk is read-only from then on.
#
# Where a file lies tells `ritectl where FILE`, in the guest. A policy: without it no OS boots.
#
# Settings:
#   disk=nvme0n1     the disk (default: any)
#   bait=8192-8199   the sectors (default: none, and nothing is watched); several: 8192..8199,9000..9007
#   only=warn        tells of it, and lets it be (default: block)

policy!

DISK = setting(:disk, "")
BAIT = setting(:bait, "").split(",").map do |part|
  first, last = part.split(part.include?("..") ? ".." : "-").map { |number| Integer(number) }
  first..(last || first)
end
ONLY = setting(:only, "block")

$rung = {}

def ring(r)
  log.alert "canary", disk: r.disk.to_s, command: r.command, lba: r.lba, sectors: r.sectors unless $rung[r.disk.name]
  $rung[r.disk.name] = true
  return if ONLY == "warn"
  r.disk.read_only = true
  r.deny :write_protected
end

filters = DISK.empty? ? {} : { disk: DISK.split(",").map(&:to_sym) }
unless BAIT.empty?
  on(:disk_write, :disk_discard, **filters, lba: 0..BAIT.map(&:last).max) do |r|
    ring(r) if BAIT.any? { |sectors| r.touches?(sectors) }
  end
end

log.warning "canary: nothing is watched, bait=FIRST-LAST says what" if BAIT.empty?
log "canary on", bait: BAIT.map { |sectors| "#{sectors.first}-#{sectors.last}" }.join(","), disk: DISK.empty? ? "any" : DISK
