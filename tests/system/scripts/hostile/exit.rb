on(:port_read, 0x80, on_error: :deny) { |io| exit 3 }
