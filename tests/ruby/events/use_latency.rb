# Latency by disk, queue and direction, without entering Ruby
on :disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk queue direction])
on(:disk_done, latency: 50.milliseconds..) { |r| log "slow", **r.to_h }
