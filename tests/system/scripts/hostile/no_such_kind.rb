on(:port_reed, 0x80) { |io| }
