# canary.rb: a range of sectors that nobody has business with is bait: who writes there (ransomware goes through all
# files) raises an alarm, and the whole disk is read-only from then on.
#
# Where a file lies tells `filefrag -v FILE`, or hdparm --fibmap. A policy: without it no OS boots.
#
# Settings:
#   disk=nvme0n1     the disk (default: any)
#   bait=8192-8199   the sectors (default: none, and nothing is watched)
#   only=warn        tells of it, and lets it be (default: block)

policy!

DISK = setting(:disk, "")
BAIT = setting(:bait, 0..0)
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
if BAIT.max > 0
  on(:disk_write, :disk_discard, **filters, lba: 0..BAIT.max) { |r| ring(r) if r.touches?(BAIT) }
end

log.warning "canary: nothing is watched, bait=FIRST-LAST says what" if BAIT.max == 0
log "canary on", bait: "#{BAIT.min}-#{BAIT.max}", disk: DISK.empty? ? "any" : DISK
