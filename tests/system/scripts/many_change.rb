# Another: what is on the disk is the reverse of what the guest sees.
reads = 0
on(:disk_read, disk: :nvme1n1) do |r|
  reads += 1
  r.done { |done| done.data.xor("\xff") }
end
on(:disk_flush, disk: :nvme1n1) { puts "changed #{reads}" }
