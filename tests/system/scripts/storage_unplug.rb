# A write waits while its stick is plugged out; another stick comes then.
gone = []

on(:disk_attach) { |disk| puts "disk #{disk} #{disk.serial} #{disk.sectors}#{gone.map { |name| " after #{name}" }.join}" }
on(:disk_detach) { |disk| gone << disk.name }
on(:disk_write, lba: 64) do |r|
  puts "waits #{r.lba}"
  r.delay 20.seconds
end
on(:disk_read) { |r| r.done { |d| d.data.xor("\x5a").xor("\x5a") } }
