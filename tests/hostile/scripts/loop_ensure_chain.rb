# Ensure in ensure in ensure, each as long as it may be.
# group: loops
# guest: deny
# state: alive killed
def chain(depth)
  return loop {} if depth == 0
  begin
    chain(depth - 1)
  ensure
    10_000.times {}
  end
end
on(:port_read, PORT, on_error: :deny) { |io| chain(20) }
