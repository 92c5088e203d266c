# Patterns on payloads inside hooks, and patterns that would take for ever.
on(:port_read, 0x60) { |io| io.value = "key=31".match?(/\A\w+=(\d+)\z/) ? 1 : 2 }
on(:port_write, 0x61) do |io|
  bytes = [io.value].pack("C")
  io.deny if bytes =~ /[\x80-\xff]/n
end
on(:port_read, 0x62) { |io| io.value = ("a" * 40 + "b") =~ /\A(a+)+\z/ ? 1 : 2 }
on(:port_read, 0x63, on_error: :deny) { |io| ("a" * 40 + "b") =~ /\A(a|a)*\z/ }
# Every place in a long string is tried: the time budget ends that.
on(:port_read, 0x64, on_error: :deny) { |io| "x" * 500_000 =~ /x*[yz]/ }
on(:port_read, 0x65) { |io| begin; "x" * 500_000 =~ /x*[yz]/; rescue Regexp::TimeoutError; io.value = 9; end }
on(:port_read, 0x66) { |io| "v7" =~ /(\d)/; io.value = $1.to_i }
