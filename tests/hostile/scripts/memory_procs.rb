# Closures over closures, with every binding kept.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  chain = -> { 1 }
  loop { last = chain; chain = -> { last.call + 1 }; binding }
end
