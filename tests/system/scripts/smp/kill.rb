# One hook never returns, not even when it is told that its time is nearly up. The other one answers as
# long as the engine lives.
on(:port_read, 0x5100, budget: 100.milliseconds) do |io|
  begin
    loop {}
  rescue Hook::BudgetError
    retry
  end
end
on(:port_read, 0x5101, on_error: :deny, budget: 2.seconds) { |io| io.value = 0x77 }
