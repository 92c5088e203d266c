on(:port_read, 0x60) do |io|
  io.value = (1 + 
end
