on(:port_read, 0x60) { |io| raise "oops" }
on(:port_read, 0x61, on_error: :deny) { |io| nil.foo }
$disabled = on(:port_read, 0x62, on_error: :disable) { |io| raise ArgumentError, "once" }
on(:port_read, 0x63) { |io| Integer("x") rescue io.value = 3 }
on(:port_read, 0x64) { |io| begin; raise "a"; ensure; raise "b"; end }
on(:port_read, 0x65) { |io| throw :nowhere }
on(:port_read, 0x66) { |io| def deep(n) deep(n + 1) end; deep(0) }
on(:port_read, 0x67) { |io| break }
on(:port_read, 0x68) { |io| return }
on(:port_read, 0x69) { |io| Fiber.yield }
on(:port_read, 0x6a) { |io| io.value = "text" }
on(:port_read, 0x6b) { |io| io.value = 1 << 64 }
on(:port_read, 0x6c) { |io| sleep 1 }
on(:port_read, 0x6d) { |io| $kept = io }
every(1.seconds) { $kept.value }
on(:port_read, 0x6e) { |io| raise Class.new(StandardError) { def message; raise "no message"; end } }
on(:port_read, 0x6f) { |io| next io.value = 9 }
