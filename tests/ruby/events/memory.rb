on(:port_read, 0x60) do |io|
  begin
    a = []
    loop { a << "x" * 100_000 }
  rescue NoMemoryError => e
    a = nil
    log "rescued", message: e.message
    io.value = 1
  end
end
on(:port_read, 0x61, on_error: :deny) { |io| b = []; loop { b << "y" * 100_000 } }
on(:port_read, 0x62) { |io| io.value = Array.new(1000) { |i| i }.sum & 0xff }
on(:port_read, 0x63) { |io| Array.new(10 ** 9) }
on(:port_read, 0x64) { |io| "a" * 10 ** 9 }
