# A list without end.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
on(:port_read, PORT, on_error: :deny, budget: 200.milliseconds) do |io|
  kept = nil
  loop { kept = [kept, Object.new] }
end
