# usb_storage_readonly.rb: sticks can be read, and not written.
#
# All that is USB storage by bulk-only transport behind an xHCI is write-protected below the OS, which finds it so; other disks
# are left alone. Commands that are not known to be harmless are refused too: firmware updates, formatting, vendors' own.
# What is storage by another way does not come in (UAS alone, floppy drives).
#
# It is a policy: without it no OS boots, and if it dies, all requests of sticks are refused.
#
# Settings:
#   writable=A1,B2   sticks of these serial numbers can be written (default: none; a serial number is what a device says of
#                    itself, which one that means harm can say too)
#   limit=10         tells of so many refusals at most, and counts the rest (default: 20)

policy!

WRITABLE = setting(:writable, "").split(",")
LIMIT = setting(:limit, 20)

$refused = Hash.new(0)

def guarded?(disk)
  disk.bus == :usb && !WRITABLE.include?(disk.serial)
end

on(:disk_request, except: { command: Disk::HARMLESS }) do |r|
  next unless guarded?(r.disk)
  r.deny :write_protected
  $refused[r.command] += 1
  log "refused", disk: r.disk.to_s, command: r.command, lba: r.lba, sectors: r.sectors if $refused.values.sum <= LIMIT
end

on(:disk_attach) do |disk|
  next unless disk.bus == :usb
  disk.read_only = true if guarded?(disk)
  log guarded?(disk) ? "read-only" : "writable", disk: disk.to_s, model: disk.model, serial: disk.serial
end

at_exit { puts "usb_storage_readonly: refused #{$refused.map { |command, count| "#{command} #{count}" }.sort.join(", ")}" }
