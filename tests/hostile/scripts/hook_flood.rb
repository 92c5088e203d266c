# Floods the log, in all ways.
# group: hooks
# guest: deny
# state: alive killed
# log: ${name}.*(BudgetError|killed)
on(:port_read, PORT, on_error: :deny) do |io|
  loop { puts "x" * 60; log.error "y" * 100; print "\e[2J\0\x07"; p "z" * 50; warn "w" }
end
