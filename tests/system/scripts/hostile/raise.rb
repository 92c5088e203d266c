# The hook's script raises: line 2.
on(:port_read, 0x80, on_error: :deny) { |io| raise ArgumentError, "on purpose" }
