# String instructions: each element is an event of its own.
reads = writes = 0
on(:port_read, 0xe0..0xe3) { |io| reads += 1; io.value = io.value ^ io.mask }
on(:port_write, 0xe0..0xe3) { |io| writes += 1; io.value = io.value ^ io.mask }
at_exit { puts "elements read #{reads} written #{writes}" }
