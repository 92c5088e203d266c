# Has what the guest writes wait, and is killed once 64 requests do: some go on then, as they are, some are refused.
KEY = "\x5a"
DISK = :nvme1n1
held = []
on(:disk_write, disk: DISK, lba: 8192..16383, on_error: :deny) { |r| held << r.hold(limit: 10.minutes) }
on(:disk_write, disk: DISK, lba: 16384..24575) do |r|
  r.data.xor(KEY)
  held << r.hold(limit: 10.minutes)
end
every 50.milliseconds, budget: 100.milliseconds do
  next if held.size < 64
  puts "held #{held.size}"
  begin
    loop {}
  rescue Hook::BudgetError
    retry
  end
end
at_exit { puts "it is alive" }
