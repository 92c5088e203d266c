# Arrays in arrays, as deep as the heap allows, turned into text.
# group: recursion
# guest: deny
# state: alive killed
DEEP = [10, 500, 5_000, 20_000].map do |depth|
  array = []
  depth.times { array = [array] }
  array
end
n = -1
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) do |io|
  array = DEEP[n = (n + 1) % DEEP.size]
  [-> { array.join }, -> { array.hash }, -> { array == [array] }, -> { array.eql?([array]) }, -> { { array => 1 }[[array]] }].each do |way|
    begin; way.call; rescue SystemStackError; end
  end
  raise "done"
end
