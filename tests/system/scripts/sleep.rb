# Tries what a script must not: a write of the guest to PM1 control becomes suspend to RAM, and it is asked
# for directly.
on :port_write, 0x604 do |io|
  io.value = 0x2400 if io.value == 0
end

on :port_write, 0x81 do |io|
  Port.write16(0x604, 0x2400)
  puts "slept by itself"
end
