# What happens at the heap quota: garbage goes, an error says what to do, and the script lives on.
on(:port_read, 0x60) { |io| a = []; loop { a << "x" * 100_000 } }
on(:port_read, 0x61) { |io| begin; a = []; loop { a << "y" * 100_000 }; rescue NoMemoryError => e; a = nil; io.value = e.message.include?("heap=") ? 1 : 2; end }
on(:port_read, 0x62) { |io| 200.times { "z" * 900_000 }; io.value = 3 }
on(:port_read, 0x63) { |io| begin; raise NoMemoryError, "mine"; rescue NoMemoryError => e; io.value = e.message == "mine" ? 4 : 5; end }
on(:port_read, 0x64) { |io| def deep(n) deep(n + 1) end; begin; deep(0); rescue SystemStackError => e; io.value = e.message.include?("too deep") ? 6 : 7; end }
