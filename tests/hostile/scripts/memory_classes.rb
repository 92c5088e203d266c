# Classes, methods, constants, instance variables and globals without end.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*(NoMemoryError|BudgetError|killed)
n = 0
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  loop do
    n += 1
    type = Class.new { define_method("method#{n}") { n } }
    Object.const_set("Constant#{n}", type)
    io.instance_variable_set("@variable#{n}", type.new) rescue self.instance_variable_set("@variable#{n}", type.new)
    eval("$global#{n} = [$global#{n - 1}]")
  end
end
