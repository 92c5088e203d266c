# The good script before the hostile ones: answers each of their ports, and counts.
counts = Hash.new(0)
on(:port_read, 0x300..0x33f) do |io|
  counts[io.port] += 1
  io.value = 0x5a
end
at_exit do
  counts.keys.sort.each { |port| puts "first: port 0x#{port.to_s(16)} events #{counts[port]}" }
end
