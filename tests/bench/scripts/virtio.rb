# A hook of reads that returns at once.
on(:disk_read, disk: :virtio0) { |r| }
