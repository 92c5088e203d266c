# Two hooks that remove each other, and all numbers there are.
# group: hooks
# guest: pass
# state: gone
hooks = []
hooks << on(:port_read, PORT, on_error: :deny) { |io| Hook.all.each(&:off) }
hooks << on(:port_read, PORT, on_error: :deny) { |io| io.deny }
