# C recursion: an array in an array in an array.
nest = []
3000.times { nest = [nest] }
on(:port_read, 0x80, on_error: :deny, budget: 1.second) { |io| nest.inspect; raise "deep enough" }
