# Constants, methods and superclasses removed one after the other while events go on.
# group: redefine
# guest: deny
# state: alive killed
n = 0
names = Object.constants
on(:port_read, PORT, on_error: :deny, budget: 10.milliseconds) do |io|
  n += 1
  case n
  when 1 then Object.class_eval { instance_methods(false).each { |name| undef_method(name) rescue 0 } }
  when 2 then Kernel.module_eval { instance_methods(false).each { |name| remove_method(name) rescue 0 } }
  when 3 then [Array, Hash, String, Integer, Proc].each { |type| type.freeze }
  when 4 then names.each { |name| Object.__send__(:remove_const, name) }
  end
  raise "done"
end
