# Every access of pc-testdev's ports goes through Ruby and on, unchanged.
on(:port_access, 0xe0..0xe3) { |io| io.value }
