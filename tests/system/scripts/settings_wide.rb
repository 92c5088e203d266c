# Settings with bit 63 set.
limit = setting(:limit, 0)
puts "limit %x, masked %x, most %x" % [limit, limit & ~0xfff, setting(:most, 0)]
