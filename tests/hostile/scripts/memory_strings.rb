# Keeps strings until no more are to be had, and again after rescuing that.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  kept = []
  begin
    loop { kept << "x" * 100_000 }
  rescue NoMemoryError
    kept.clear if kept.size > 1000
    loop { kept << "y" * 10_000 }
  end
end
