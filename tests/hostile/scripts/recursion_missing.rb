# Lookups that look up: const_missing, method_missing, respond_to?, inherited, method_added.
# group: recursion
# guest: deny
# state: alive killed
# log: ${name}
class Grow
  def self.const_missing(name) = const_get("#{name}X")
  def self.inherited(child) = Class.new(child)
  def to_ary = [self, self]
  def to_proc = method(:to_proc).to_proc
  def self.method_added(name) = define_method("#{name}x") {}
end
n = -1
WAYS = [-> { Grow::Nowhere }, -> { Class.new(Grow) }, -> { Grow.define_method(:x) {} }, -> { [[Grow.new]].flatten },
        -> { [1].each(&Grow.new) }]
on(:port_read, PORT, on_error: :deny) { |io| WAYS[n = (n + 1) % WAYS.size].call; raise "done" }
