# Fibers that hand control to and fro for ever; the exception comes inside one.
# group: loops
# guest: deny
# state: alive
# log: ${name}.*BudgetError
on(:port_read, PORT, on_error: :deny) do |io|
  fiber = Fiber.new { loop { Fiber.yield } }
  loop { fiber.resume }
end
