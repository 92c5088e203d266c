# ./ritevisor check --gems examples/gems/hexdump examples/gems/hexdump/test/hexdump.rb
lines = Hexdump.lines("Ritevisor\x00\xff: bytes", 0x7c00)
wanted = [
  "00007c00  52 69 74 65 76 69 73 6f 72 00 ff 3a 20 62 79 74  Ritevisor..: byt",
  "00007c10  65 73                                            es"
]
raise "#{lines} is not #{wanted}" unless lines == wanted
raise "no bytes, no lines" unless Hexdump.lines("").empty?
puts "hexdump: ok"
