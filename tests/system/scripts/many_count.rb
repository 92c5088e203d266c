# One of three scripts on one disk: counts what is read and what has ended.
reads = ends = 0
on(:disk_read, disk: :nvme1n1) { |r| reads += 1 }
on(:disk_done, disk: :nvme1n1) { |r| ends += 1 if r.direction == :read }
on(:disk_flush, disk: :nvme1n1) do # the guest has read all
  puts "counted #{reads} #{ends}"
end
