# Sees all requests, and their ends.
requests = ends = 0
on(:disk_request, disk: DISK) { requests += 1 }
on(:disk_done, disk: DISK) { ends += 1 }
at_exit { puts "watched #{requests > 0} #{ends > 0}" }
