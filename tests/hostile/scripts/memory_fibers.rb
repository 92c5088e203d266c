# Fibers that all wait.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  fibers = []
  loop { fibers << Fiber.new { Fiber.yield }.tap(&:resume) }
end
