# Leaving the block in every way that is not its end.
# group: recursion
# guest: deny
# state: alive
# log: ${name}.*(LocalJumpError|FiberError|UncaughtThrowError)
def make = [proc { return 1 }, proc { break 2 }, proc { throw :up }, proc { Fiber.yield }, proc { raise StopIteration }]
WAYS = make
n = -1
on(:port_read, PORT, on_error: :deny) do |io|
  WAYS[n = (n + 1) % WAYS.size].call
  raise LocalJumpError, "went on"
end
