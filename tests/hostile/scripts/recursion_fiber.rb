# Fibers within fibers within fibers.
# group: recursion
# guest: deny
# state: alive killed
# log: ${name}
def within(n) = Fiber.new { within(n + 1) }.resume
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) { |io| within(0) }
