# Arrays, hashes, strings and symbols that lie about themselves.
# group: redefine
# guest: deny
# state: alive killed
HOOK = on(:port_read, PORT, on_error: :deny) { |io| Hook.all.each(&:off); "#{io}" + [1].inspect; raise "x" }
class Array
  [:each, :[], :size, :first, :<<, :map, :dup, :delete, :any?, :inject, :include?, :pop, :shift, :flatten].each do |name|
    define_method(name) { |*arguments| self }
  end
end
class Hash
  [:[], :key?, :each, :fetch, :keys, :default].each { |name| define_method(name) { |*arguments| Hash } }
end
class String
  [:+, :==, :to_s, :to_str, :to_sym, :inspect, :%, :split, :hash, :eql?].each { |name| define_method(name) { |*arguments| 7 } }
end
class Symbol
  [:to_proc, :to_s, :==, :inspect].each { |name| define_method(name) { |*arguments| :x } }
end
