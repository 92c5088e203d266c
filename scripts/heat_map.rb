# heat_map.rb: where on each disk the guest reads and writes.
#
# At the end, a line for each disk and direction: the disk from its first sector to its last, a character for each part,
# from ' ' (not touched) over '.' to '@' (where most went).
#
# Settings:
#   columns=64     how many parts a disk is shown in (default: 64)
#   period=10      prints every so many seconds, too (default: 0, at the end alone)

COLUMNS = setting(:columns, 64)
PERIOD = setting(:period, 0)
SHADES = " .:-=+*#%@"

$maps = {}

# Of requests that reach over several parts each has its share.
def heat(disk, direction, lba, sectors)
  return if disk.sectors == 0
  map = $maps[[disk.to_s, direction, disk.bytes]] ||= Array.new(COLUMNS, 0)
  first = lba * COLUMNS / disk.sectors
  last = (lba + sectors - 1) * COLUMNS / disk.sectors
  (first..last).each { |column| map[column] += [sectors / (last - first + 1), 1].max if column < COLUMNS }
end

# A part that was touched at all is seen.
def shade(count, most)
  count == 0 ? " " : SHADES[1 + (SHADES.size - 2) * count / most]
end

def show
  $maps.keys.sort_by(&:to_s).each do |key|
    map = $maps[key]
    disk, direction, bytes = key
    puts "%-8s %-5s |%s| %d MiB, %d sectors" %
         [disk, direction, map.map { |count| shade(count, map.max) }.join, bytes >> 20, map.sum]
  end
end

on(:disk_read, :disk_write, :disk_discard, observe: true) do |r|
  r.ranges.each { |lba, sectors| heat(r.disk, r.direction, lba, sectors) if sectors > 0 }
end
every(PERIOD.seconds) { show } if PERIOD > 0
at_exit { show }

log "heat_map on", columns: COLUMNS
