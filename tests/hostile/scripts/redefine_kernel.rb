# The words of the language of hooks, taken away from itself.
# group: redefine
# guest: deny
# state: alive killed
on(:port_read, PORT, on_error: :deny) { |io| [1].each { |x| log 1 }; raise "x" }
module Kernel
  [:on, :off, :every, :at_exit, :puts, :p, :print, :log, :raise, :loop, :lambda, :proc, :exit, :abort, :require_relative, :Integer].each do |name|
    define_method(name) { |*arguments, &block| 0 / 0 }
  end
end
class Module
  def define_method(*) = nil
  def const_get(*) = nil
  def ===(other) = true
end
