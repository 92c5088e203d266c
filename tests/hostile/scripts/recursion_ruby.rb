# Recursion in Ruby: plain, mutual, through blocks, procs and send.
# group: recursion
# guest: deny
# state: alive
# log: ${name}.*(SystemStackError|BudgetError)
def plain(n) = plain(n + 1) + 1
def even(n) = odd(n + 1)
def odd(n) = even(n + 1)
def blocks(&b) = [1].each { blocks(&b) }
n = -1
WAYS = [-> { plain(0) }, -> { even(0) }, -> { blocks {} }, -> { f = ->(g) { g.(g) }; f.(f) },
        -> { def self.again = __send__(:again); again }]
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) { |io| WAYS[n = (n + 1) % WAYS.size].call }
