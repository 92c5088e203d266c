# The gems' own classes and modules, opened and turned round.
# group: redefine
# guest: deny
# state: alive killed
class Event
  class Port
    def value=(number)
      loop { deny }
    end
    def value = raise("value")
    def to_s = 5
  end
  class Registers
    undef_method :rax
  end
end
class Hook
  def self.__forget(*) = loop {}
  def self.__keep(hook) = hook
  def off = Hook.__remove(0)
  def self.__kinds(names) = names * 3
end
module Port
  def self.read8(*) = Memory.read(0, 1 << 60)
end
HOOKS = Hook.instance_method(:initialize)
class Event::Port
  def initialize(*) = HOOKS.bind(self).call([:port_read], PORT, {}) {}
end
Hook.__add(:port_read, PORT, { on_error: :deny }, proc { |io| io.value = 5; raise "x" }, [])
