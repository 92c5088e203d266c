# write_blocker.rb: nothing that the guest does changes a disk.
#
# An allow-list: what is not known to be harmless is refused, vendors' commands and those of later standards too. Even
# a `mount -o ro` may write (a journal is replayed), and is refused that. NVMe namespaces say that they are
# write-protected, so that Linux does not try.
#
# It is a policy: without it no OS boots, and if it dies, all requests are refused.
#
# Settings:
#   spare=SERIAL   the disk of that serial number can be written (default: none can)
#   limit=10       tells of so many refusals at most, and counts the rest (default: 20)

policy!

SPARE = setting(:spare, "")
LIMIT = setting(:limit, 20)

$refused = Hash.new(0)

def spare?(disk)
  !SPARE.empty? && disk.serial == SPARE
end

on(:disk_request, except: { command: Disk::HARMLESS }) do |r|
  next if spare?(r.disk)
  r.deny :write_protected
  $refused[r.command] += 1
  log "refused", disk: r.disk.to_s, command: r.command, lba: r.lba, sectors: r.sectors if $refused.values.sum <= LIMIT
end

on(:disk_attach) do |disk|
  disk.read_only = true unless spare?(disk)
  log "blocked", disk: disk.to_s, model: disk.model, serial: disk.serial unless spare?(disk)
end

at_exit { puts "write_blocker: refused #{$refused.map { |command, count| "#{command} #{count}" }.sort.join(", ")}" }
