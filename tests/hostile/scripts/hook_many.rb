# Hooks in hooks in hooks, timers too, until no more are granted.
# group: hooks
# guest: deny
# state: alive killed
# log: ${name}.*(AccessError|BudgetError|HookError|Error)
def more(port) = on(:port_read, port, on_error: :deny) { |io| loop { more(PORT); every(1.milliseconds) { |t| more(PORT) } } }
more(PORT)
