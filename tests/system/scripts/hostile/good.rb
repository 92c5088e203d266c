on(:port_read, 0x81) { |io| io.value = 0x5a }
