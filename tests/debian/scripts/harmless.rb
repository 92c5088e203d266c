# Watches what a running system uses all the time, and changes nothing.
commands = characters = 0
on(:port_write, 0x1f7) { |io| commands += 1 }     # the IDE disk's command register
on(:port_write, 0x3f8) { |io| characters += 1 }   # the serial line
ticks = 0
every(1.seconds) { ticks += 1 }
at_exit { puts "harmless: #{commands > 0}, #{characters > 0}, #{ticks > 0}" }
