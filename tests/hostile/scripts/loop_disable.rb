# And for on_error: :disable: one event is spent, the hook is gone.
# group: loops
# guest: pass
# state: gone
# log: ${name}: the port_read hook is disabled after an error
# log: ${name}.*BudgetError
on(:port_read, PORT, on_error: :disable) { |io| io.value = 0x11; loop {} }
