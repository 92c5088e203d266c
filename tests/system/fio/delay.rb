# Every seventh request waits, so that others overtake it.
requests = 0
on(:disk_request, disk: DISK) do |r|
  requests += 1
  r.delay 3.milliseconds if requests % 7 == 0
end
at_exit { puts "delayed #{requests > 6}" }
