# eval in eval in eval, and source that nests deeper than a parser can.
# group: recursion
# guest: deny
# state: alive killed
TEXTS = ["[" * 3000, "(" * 3000 + ")" * 3000, "x = " * 3000 + "1", "-" * 9000 + "1", "{" * 2000, "->{" * 2000 + "}" * 2000,
         "if 1\n" * 2000 + "end\n" * 2000, "\"\#{" * 2000, "1+(" * 2000, "a&&" * 5000 + "a", "def x;" * 2000, "class A;" * 900]
n = -1
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  deep = "1"
  8.times { deep = "eval(#{deep.inspect})" } if n == 0
  2.times { begin; eval(TEXTS[n = (n + 1) % TEXTS.size]); rescue Exception; end }
  eval(deep)
  raise "done"
end
