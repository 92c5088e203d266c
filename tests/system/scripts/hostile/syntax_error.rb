puts "not reached"
on(:port_read, 0x80) { |io|
  io.value = = 1
}
