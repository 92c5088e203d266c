# Every access of pc-testdev's memory goes through Ruby and on, unchanged.
on(:mmio_access, 0xff000000..0xff00ffff) { |io| io.address }
