# Faults in a real driver's path, as a script would say them, and how long things take.
rng = Random.new(setting(:seed, 1))
on :disk_request, disk: :nvme0n1, queue: 1.. do |r|
  case rng.rand(setting(:of, 10_000))
  when 0 then r.deny :media_error, retry: false
  when 1 then r.lose :completion
  when 2 then r.lose :request
  when 3 then r.delay 2.seconds
  when 4 then r.done { |d| d.data.xor(0, 1) }
  when 5 then r.disk.controller.fail
  end
end
on(:disk_read, disk: :ide0) { |r| r.disk.controller.fail }

on :disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk queue direction])
on(:disk_done, latency: 50.milliseconds..) { |r| log "slow", **r.to_h }
