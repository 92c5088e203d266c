def deeper(n) = deeper(n + 1) + 1
on(:port_read, 0x80, on_error: :deny) { |io| deeper(0) }
