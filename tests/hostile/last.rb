# The good script behind the hostile ones: changes what first.rb answers, and has a timer.
count = 0
ticked = false
every(20.milliseconds) { ticked = true }
on(:port_read, 0x300) do |io|
  count += 1
  io.value = ~io.value
end
at_exit { puts "last: port 0x300 events #{count}, timer ran #{ticked}" }
