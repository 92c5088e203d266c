# Source made at run time that loops, in every scope.
# group: loops
# guest: deny
# state: alive killed
# log: ${name}.*BudgetError
TEXTS = ["while true; end", "loop { }", "eval('loop {}')", "def x = x(); x"]
n = -1
on(:port_read, PORT, on_error: :deny) do |io|
  text = TEXTS[n = (n + 1) % TEXTS.size]
  case n % 3
  when 0 then eval(text)
  when 1 then io.instance_eval(text)
  else Object.class_eval(text)
  end
end
