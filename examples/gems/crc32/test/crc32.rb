# ./ritevisor check --gems examples/gems/crc32 examples/gems/crc32/test/crc32.rb
sum = Crc32.of("123456789")
raise "%#x" % sum unless sum == 0xcbf43926
raise "in two parts" unless Crc32.of("6789", Crc32.of("12345")) == sum
raise "of nothing" unless Crc32.of("") == 0
raise "of bytes" unless Crc32.of("\x00\xff".b) == Crc32.of([0, 255].pack("C*"))
begin
  Crc32.of(5)
  raise "takes what is no String"
rescue TypeError
  puts "crc32: ok"
end
