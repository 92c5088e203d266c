# The same for on_error: :pass: the guest gets what it would get without the hook.
# group: loops
# guest: pass
# state: alive
# log: ${name}.*BudgetError
on(:port_read, PORT, on_error: :pass) { |io| io.value = 0x11; loop {} }
