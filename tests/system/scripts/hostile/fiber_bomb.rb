on(:port_read, 0x80, on_error: :deny, budget: 1.second) do |io|
  fibers = []
  loop { fibers << Fiber.new { Fiber.yield }.tap(&:resume) }
end
