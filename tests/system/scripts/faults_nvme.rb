# What an NVMe controller can do wrong beside its disk, when the guest reads certain sectors.
on(:disk_read, disk: :nvme1n1, lba: 8000) { |r| log "told #{r.disk.controller.event(:notice, 0)}" }
on(:disk_read, disk: :nvme1n1, lba: 8008) { |r| r.duplicate }
on(:disk_read, disk: :nvme1n1, lba: 8016) { |r| log "told #{r.disk.controller.event(:error, 3)}" }
on(:disk_read, disk: :nvme1n1, lba: 8024) { |r| r.done { |done| 2.times { log "told twice #{done.disk.controller.event(:vendor, 9)}" } } }
on(:disk_command, command: :log_page, queue: 0) { |r| log "log page", page: r.argument & 0xff }
