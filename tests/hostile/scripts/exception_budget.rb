# Takes away what the end of time is told with: the class, its name, its constructor, the hook's class.
# group: recursion
# guest: deny
# state: alive killed
class Hook
  class BudgetError
    def self.new(*) = loop {}
    def self.exception(*) = loop {}
    def initialize(*) = loop {}
  end
end
n = 0
on(:port_read, PORT, on_error: :deny) do |io|
  n += 1
  Hook.__send__(:remove_const, :BudgetError) if n == 2
  Object.__send__(:remove_const, :Hook) if n == 4
  loop {}
end
