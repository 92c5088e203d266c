policy!
on(:port_read, 0x81) { |io| io.deny }
