# Two hooks that never end by themselves, and one that works on.
on(:port_read, 0xe0) { |io| while true; end }
on(:port_read, 0xe1, on_error: :deny) { |io| loop { } }
on(:port_read, 0xe2) { |io| io.value = 7 }
