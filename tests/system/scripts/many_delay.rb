# And another: every hundredth has to wait a little, and every thousandth for this script to let it go.
reads = passed = 0
held = []
on(:disk_read, disk: :nvme1n1) do |r|
  reads += 1
  if reads % 1000 == 0
    held << r.hold(limit: 10.seconds)
  elsif reads % 100 == 0
    r.delay 1.millisecond
  end
end
every(5.milliseconds) { passed += 1 while held.shift&.pass }
on(:disk_flush, disk: :nvme1n1) { puts "delayed #{reads}, let go #{passed}" }
