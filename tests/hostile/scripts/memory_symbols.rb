# Symbols, which are never collected: what they take is not given back by the next event.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
n = 0
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) { |io| loop { "a long name of a symbol #{n += 1}".to_sym } }
