# Objects that were never initialised, and every method of theirs called.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}
TYPES = Object.constants.map { |name| Object.const_get(name) }.select { |type| type.is_a?(Class) }
AVOID = [:exit, :abort, :exit!, :loop, :sleep, :__run_at_exit, :at_exit, :gets, :puts, :p, :print, :printf]
def try
  yield
rescue Hook::BudgetError
  raise
rescue Exception
end
n = 0
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  8.times do
    type = TYPES[n = (n + 1) % TYPES.size]
    try do
      object = type.allocate
      (object.methods - AVOID).each do |name|
        [[], [1], [object, object]].each { |arguments| try { object.__send__(name, *arguments) { 1 } } }
      end
    end
  end
  raise "done"
end
