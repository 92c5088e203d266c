on(:port_write, 0x80, into: Trace)
