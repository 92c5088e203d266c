# Ransomware canary (the range by `ritectl where FILE`, from FIEMAP)
policy!
on :disk_write, lba: setting(:bait, 0..0) do |r|
  r.disk.read_only = true
  log.alert "canary", lba: r.lba
  r.deny :write_protected
end
