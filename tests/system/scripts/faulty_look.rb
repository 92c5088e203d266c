# Looks at each request and its end, also at what was read; but not at what the guest is started from.
THEM = { except: { disk: :ide0 } }
seen = Hash.new(0)
on(:disk_request, **THEM) { |r| seen[r.command] += 1 }
failed = Hash.new(0)
on(:disk_done, **THEM) do |r|
  seen[:bytes] += r.data.size if r.command == :read && r.status == 0
  failed["#{r.disk} #{r.command}"] += 1 if r.status != 0
end
at_exit { puts "failed #{failed.keys.sort.join(", ")}" }
