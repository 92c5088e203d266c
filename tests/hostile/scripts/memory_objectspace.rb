# Walks over all objects, changes those it finds, and calls what it should not.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}
def try
  yield
rescue StandardError
end
n = 0
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  n += 1
  ObjectSpace.each_object(Proc) { |f| try { f.call(1, 2, 3) } } if n == 1
  ObjectSpace.each_object(String) { |s| try { s.replace("x" * 40) } } if n == 2
  ObjectSpace.each_object(Hash) { |h| try { h[rand] = h } } if n == 3
  ObjectSpace.each_object(Array) { |a| try { a.clear } } if n == 4
  ObjectSpace.each_object(Class) { |c| try { c.class_eval { undef_method(:initialize) } } } if n == 5
  ObjectSpace.each_object { |o| try { o.__send__(:initialize) } } if n >= 6
  raise "done"
end
