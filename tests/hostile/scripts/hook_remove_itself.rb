# Turns itself off amid its event, again and again, and registers its successor there.
# group: hooks
# guest: 0x11
# state: alive
def chain
  hook = on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) { |io| hook.off; hook.off; off(hook); io.value = 0x11; chain }
end
chain
