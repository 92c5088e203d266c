# Ends itself in its own event.
# group: hooks
# guest: deny
# state: ended
# log: ${name}: ended with status 3
on(:port_read, PORT, on_error: :deny) { |io| exit 3 }
