count = 0
on(:port_read, 0xe0, on_error: :disable) { |io| count += 1; puts "call #{count}"; raise "on purpose" }
