# catch and throw, break and next, for ever.
# group: loops
# guest: deny
# state: alive
# log: ${name}.*BudgetError
on(:port_read, PORT, on_error: :deny) do |io|
  loop do
    catch(:out) { [1, 2].each { |x| next if x == 1; throw :out } }
    [1].each { break }
  end
end
