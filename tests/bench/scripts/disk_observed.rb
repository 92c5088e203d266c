# A hook that returns at once.
on(:disk_read) { |r| }
