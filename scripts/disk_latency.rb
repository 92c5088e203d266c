# disk_latency.rb: how long disks take, as a histogram for each disk and direction.
#
# Printed every few seconds and at the end, in bpftrace's form. From when the guest gave the request to when the disk
# was done with it; what a script lets wait counts.
#
# Settings:
#   by=queue       also apart by the guest's queue, or any other method of events (default: nothing more)
#   period=10      prints and begins anew every so many seconds (default: 0, at the end alone)
#   slow=50        logs what takes so many milliseconds (default: 0, nothing)

BY = setting(:by, "")
PERIOD = setting(:period, 0)
SLOW = setting(:slow, 0)

by = %i[disk direction]
by << BY.to_sym unless BY.empty?
latency = Histogram.log2(:latency, unit: :us, by: by)

on :disk_done, into: latency
on(:disk_done, latency: SLOW.milliseconds..) { |r| log "slow", **r.to_h } if SLOW > 0

if PERIOD > 0
  every(PERIOD.seconds) do
    latency.print
    latency.clear
  end
end

log "disk_latency on", by: by.join(",")
