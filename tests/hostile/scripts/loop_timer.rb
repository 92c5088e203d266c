# A timer's block that loops: it goes off, as it asked for, and the port's hook stays.
# group: loops
# guest: 0x11
# state: alive
# log: ${name}.*BudgetError
every(20.milliseconds, on_error: :disable, budget: 10.milliseconds) { loop {} }
on(:port_read, PORT) { |io| io.value = 0x11 }
