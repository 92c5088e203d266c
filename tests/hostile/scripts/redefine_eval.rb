# define_method, send, instance_exec, class_exec and bindings, all with what they should not have.
# group: redefine
# guest: deny
# state: alive killed
n = 0
WAYS = [
  ->(io) { io.instance_eval { @a = self; undef value } }, ->(io) { Class.new(Event::Port).allocate.value },
  ->(io) { io.singleton_class.define_method(:deny) { pass }; io.deny }, ->(io) { binding.local_variable_set(:io, nil) },
  ->(io) { eval("io = 1; self.class.class_eval { def x = 1 }", binding) }, ->(io) { io.extend(Enumerable).map { } },
  ->(io) { Object.define_method(:method_missing) { |*a| instance_exec(*a) { } } }, ->(io) { io.method(:value=).unbind.bind(3).call(4) },
  ->(io) { Integer.prepend(Module.new { def to_s = super * 9 }) }, ->(io) { io.freeze; io.value = 5 }, ->(io) { Event::Port.superclass.allocate.value },
  ->(io) { io.instance_variable_set(:@value, 1); io.__id__; io.__send__(:initialize, 1, 2, 3) },
]
on(:port_read, PORT, on_error: :deny) do |io|
  2.times { begin; WAYS[n % WAYS.size].call(io); rescue StandardError, NotImplementedError; end; n += 1 }
  raise "done"
end
