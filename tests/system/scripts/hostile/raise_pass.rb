on(:port_read, 0xe0, on_error: :pass) { |io| io.value = 0x11; raise "on purpose" }
