# Forensic write blocker: even `mount -o ro` may write (journal replay)
policy!
SAFE  = %i[read flush identify log_page get_features smart_read]
spare = Disk.find(serial: setting(:spare, ""))
on(:disk_request, except: { command: SAFE }) { |r| r.deny :write_protected unless r.disk == spare }
on(:disk_attach) { |d| d.read_only = true unless d == spare }
