# Recursion in C: an array in an array in an array, printed, hashed, compared, flattened, copied.
# group: recursion
# guest: deny
# state: alive killed
nest = []
3000.times { nest = [nest] }
n = -1
WAYS = [-> { nest.inspect }, -> { nest.hash }, -> { nest == [nest] }, -> { nest.flatten }, -> { nest.join },
        -> { {nest => nest}.to_s }, -> { nest <=> [nest] }, -> { nest.to_h }]
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  WAYS[n = (n + 1) % WAYS.size].call
  raise "deep enough"
end
