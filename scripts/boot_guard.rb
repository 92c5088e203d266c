# boot_guard.rb: the guest cannot change what it boots from: the first sectors of each disk (boot sector, partition
# table, boot loader), its last ones (the partition table's copy), and EFI system partitions.
#
# Those are known as soon as the guest has read the partition table (MBR or GPT), as each OS does at its start. A policy:
# without it no OS boots.
#
# Settings:
#   disk=nvme0n1       only this one (default: all)
#   sectors=2048       how many at the start (default: 2048)
#   last=33            how many at the end (default: 33)
#   esp=2048-133119    the EFI system partition, if it should be guarded before it is found (default: it is found)

policy!

DISK = setting(:disk, "")
FIRST = setting(:sectors, 2048)
LAST = setting(:last, 33)
ESP = setting(:esp, 0..0)
ESP_TYPE = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b" # C12A7328-F81F-11D2-BA4B-00A0C93EC93B
MBR_ESP = 0xef
# What could change all of a disk, or what a disk is.
HARMLESS = Disk::HARMLESS + %i[set_features self_test log_write reservation]

WHERE = DISK.empty? ? {} : { disk: DISK.split(",").map(&:to_sym) }

$guarded = {}

def refuse(r, what)
  r.deny :write_protected
  log.alert "boot_guard", refused: r.command, disk: r.disk.to_s, lba: r.lba, sectors: r.sectors, of: what
end

# Whatever begins behind it does not reach into it: C sees to that.
def guard(range, what, **filters)
  on(:disk_write, :disk_discard, **filters, lba: 0..range.max) { |r| refuse(r, what) if r.touches?(range) }
end

def found(disk, first, last)
  return if first == 0 || last < first || $guarded[[disk.name, first]]
  $guarded[[disk.name, first]] = true
  guard(first..last, :esp, disk: disk)
  log "guarded", disk: disk.to_s, esp: "#{first}-#{last}"
end

# Sector 0: four entries of 16 bytes, type, first sector and number.
def read_mbr(disk, sector)
  return if sector.u16(510) != 0xaa55
  4.times do |number|
    at = 446 + 16 * number
    first = sector.u32(at + 8)
    found(disk, first, first + sector.u32(at + 12) - 1) if sector.u8(at + 4) == MBR_ESP
  end
end

# From sector 2 on: entries of 128 bytes, type, first and last sector.
def read_gpt(disk, entries)
  at = entries.index(ESP_TYPE)
  while at
    found(disk, entries.u64(at + 32), entries.u64(at + 40)) if at % 128 == 0 && at + 48 <= entries.size
    at = entries.index(ESP_TYPE, at + 1)
  end
end

on(:disk_done, **WHERE, command: :read, status: 0, lba: 0..33) do |r|
  bytes = r.data.size / r.sectors
  read_mbr(r.disk, r.data[0, bytes]) if r.lba == 0
  skipped = r.lba < 2 ? (2 - r.lba) * bytes : 0
  read_gpt(r.disk, r.data[skipped, r.data.size - skipped]) if skipped < r.data.size
end

guard(0..FIRST - 1, :start, **WHERE)
guard(ESP, :esp, **WHERE) if ESP.max > 0
on(:disk_write, :disk_discard, **WHERE, lba: FIRST..) do |r|
  sectors = r.disk.sectors
  refuse(r, :end) if sectors > 0 && r.touches?(sectors - LAST..sectors - 1)
end
on(:disk_command, **WHERE, except: { command: HARMLESS }) { |r| refuse(r, :all) }

log "boot_guard on", disk: DISK.empty? ? "all" : DISK, sectors: FIRST, last: LAST
