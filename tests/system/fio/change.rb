# Has the disk get other buffers than the guest's, with what these have: in what is written, and in what was read.
changes = 0
on(:disk_write, disk: DISK) do |r|
  changes += 1
  r.data.xor("\xff")
  r.data.xor("\xff")
end
on(:disk_read, disk: DISK) { |r| r.done { |done| done.data.xor("\xff").xor("\xff") } }
at_exit { puts "changed #{changes > 0}" }
