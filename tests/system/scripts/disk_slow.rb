# A disk that takes longer than a script's own command may: before the guest, and in between what the guest does.
disk = Disk[:ide0]
try = lambda do |name|
  disk.read(0, 16)
  puts "#{name}: read"
rescue AccessError => error
  puts "#{name}: #{error.message}"
end

try.call "before"
on(:disk_read, disk: :ide0, lba: 64) { |r| try.call "amid"; r.answer("\x5a" * (r.sectors * 512)) }
