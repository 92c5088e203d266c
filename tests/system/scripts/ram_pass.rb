# Every access to a piece of RAM goes through Ruby and on, unchanged.
on(:mmio_access, 0x8000000..0x800ffff) { |io| io.address }
