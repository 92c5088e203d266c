# A script that has work at each access.
on(:port_read, 0x81) do |io|
  200.times { |i| i * i }
  io.value = 0x5a
end
