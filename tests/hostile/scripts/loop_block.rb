# A block for ever; it gets an exception.
# group: loops
# guest: deny
# state: alive
# log: ${name}.*BudgetError
on(:port_read, PORT, on_error: :deny) { |io| loop {} }
