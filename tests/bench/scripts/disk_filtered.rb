# C looks at each request, and no hook wants it.
on(:disk_read, lba: 1 << 40) { |r| }
