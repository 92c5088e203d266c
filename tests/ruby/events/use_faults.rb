# Faults in a real driver's path, reproducible
rng = Random.new(setting(:seed, 1))
on :disk_request, disk: :nvme0n1, queue: 1.. do |r|
  case rng.rand(10_000)
  when 0 then r.deny :media_error, retry: false
  when 1 then r.lose :completion
  when 2 then r.lose :request
  when 3 then r.delay 2.seconds
  when 4 then r.done { |d| d.data.xor(0, 1) }
  when 5 then r.disk.controller.fail      # CSTS.CFS
  end
end
