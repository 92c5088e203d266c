# Requests are seen to, and no hook is asked.
on(:disk_write) { |r| }
