# A timer whose block takes longer than the guest's timer waits.
count = 0
every(10.milliseconds, budget: 1.second) do
  500.times { }
  count += 1
end
at_exit { puts "long timer ran #{count > 5}" }
