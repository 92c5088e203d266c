# Comparators that lie, return rubbish, or change what is sorted.
# group: c
# guest: deny
# state: alive killed
# log: ${name}.*Error
list = (0..3000).to_a
n = -1
LIARS = [
  -> { list.sort { rand(3) - 1 } },
  -> { list.sort { nil } },
  -> { list.sort { "x" } },
  -> { list.sort { 1 << 100 } },
  -> { list.sort { Float::NAN } },
  -> { copy = list.dup; copy.sort! { copy.clear; 1 } },
  -> { copy = list.dup; copy.sort! { copy << 1; -1 } },
  -> { copy = list.dup; copy.sort_by { copy.shift; rand } },
  -> { list.min_by { list.max { 1 } } },
]
on(:port_read, PORT, on_error: :deny) do |io|
  LIARS[n = (n + 1) % LIARS.size].call
  raise "done"
end
