# Each request is late, and so is its end; but for what the guest is started from.
THEM = { except: { disk: :ide0 } }
on(:disk_request, **THEM) { |r| r.delay 2.milliseconds }
failed = Hash.new(0)
on(:disk_done, **THEM) do |r|
  failed["#{r.disk} #{r.command}"] += 1 if r.status != 0
  r.delay 1.millisecond
end
at_exit { puts "failed #{failed.keys.sort.join(", ")}" }
