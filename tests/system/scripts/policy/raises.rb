policy!
on(:port_read, 0x21) { |io| raise "on purpose" }
