on(:port_read, 0x60) { |io| while true; end }
on(:port_read, 0x61, on_error: :deny) { |io| loop { } }
on(:port_read, 0x62) do |io|
  begin
    i = 0
    i += 1 while true
  rescue => e
    log "a plain rescue does not see it"
  end
end
on(:port_read, 0x63) { |io| io.value = 7 }
def fib(n) n < 2 ? n : fib(n - 1) + fib(n - 2) end
on(:port_read, 0x64) { |io| fib(50) }
on(:port_read, 0x65) { |io| a = (1..Float::INFINITY).lazy.map { |x| x }.first(10 ** 9) }
on(:port_read, 0x66) { |io| begin; loop { }; rescue Hook::BudgetError => e; io.value = 9; end }
