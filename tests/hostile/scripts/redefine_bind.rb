# Methods bound to what they were not made for, and initialize called again on what lives.
# group: redefine
# guest: deny
# state: alive killed
TYPES = [Array, Hash, String, Proc, Fiber, Range, Exception, Time, Random, Set, Struct, Method, Event::Port, Event::Registers, Hook,
         Enumerator, Rational, Complex, Symbol, Integer, Float, Class, Module, ObjectSpace, GC, Port, Msr, Memory]
OBJECTS = [1, 2.5, nil, :a, "s", [1], {1 => 2}, (1..2), proc {}, Object.new, Class.new, Time.now, Random.new, Set.new, 1 << 80, 1r, 2i]
n = 0
on(:port_read, PORT, on_error: :deny, budget: 50.milliseconds) do |io|
  100.times do
    n += 1
    type, object = TYPES[n % TYPES.size], OBJECTS[n % OBJECTS.size]
    names = type.instance_methods(false) + [:initialize, :initialize_copy, :respond_to_missing?]
    name = names[n % names.size]
    begin
      type.instance_method(name).bind(object).call(*OBJECTS.first(n % 4))
    rescue StandardError, NotImplementedError
    end
    begin
      object.__send__(:initialize_copy, OBJECTS[n % 7])
      object.singleton_class.include(type) if type.instance_of?(Module)
    rescue StandardError, NotImplementedError
    end
  end
  raise "done"
end
