# A hook: a block that runs whenever the guest does what it watches.
#
#   hook = on(:port_write, 0x3f8) { |io| log "uart", value: io.value }
#   hook.off
class Hook
  attr_reader :kinds, :address, :filters, :block

  # Hooks that are on. They keep their blocks alive.
  @all = []

  def self.all
    @all.dup
  end

  def self.__keep(hook)
    @all << hook
    hook
  end

  def self.__forget(hook)
    @all.delete(hook)
  end

  # The block of a hook with verdict:, which is never called.
  NOTHING = proc {}

  # Words that stand for no kind of the hypervisor's: `on(name) { }` is what the block makes of it.
  def self.__word(name, &block)
    @words ||= {}
    @words[name] = block
  end

  # Filters that stand for others: the block makes those of the filters without it, and of its value.
  def self.__filter(name, &block)
    @rewritten ||= {}
    @rewritten[name] = block
  end

  def self.__filters(filters)
    (@rewritten || {}).each do |name, block|
      next unless filters.key?(name)
      rest = filters.reject { |key, _| key == name }
      filters = block.call(rest, filters[name])
    end
    filters
  end

  # What Kernel#on does, for callers that have an `on` of their own.
  def self.on(*arguments, into: nil, **filters, &block)
    if into
      raise ArgumentError, "on takes a block or into:, not both" if block
      # The hypervisor alone sees to that one, and, where it can, to what is counted.
      into.equal?(Trace) ? filters[:verdict] = :trace : block = into.to_proc
    end
    if filters[:verdict]
      raise ArgumentError, "on takes a block or verdict:, not both" if block
      block = NOTHING
    end
    __open(arguments)
    own = @words && @words[arguments[0]]
    return own.call(arguments, filters, block, into) if own
    kinds, addresses = arguments.partition { |argument| argument.is_a?(Symbol) }
    raise ArgumentError, "on takes kinds and then one address, Range or Array of them" if addresses.size > 1
    __make(__kinds(kinds), addresses[0], __filters(filters), into, block)
  end

  # Of kinds that each are one: what C alone can count, it does.
  def self.__make(kinds, address, filters, into, block)
    filters, block = into.__counted(filters), NOTHING if into.is_a?(Sink) && into.__counted?(kinds)
    new(kinds, address, filters, &block)
  end

  def initialize(kinds, address, filters, &block)
    raise ArgumentError, "a hook needs a block: on(...) { |event| ... }" unless block
    @kinds = kinds
    @address = address
    @filters = filters
    @block = block
    @slots = []
    @removed = [0, 0]
    register
    Hook.__keep(self)
  end

  # Stops watching. A hook that is off cannot be turned on again: call `on` for a new one.
  def off
    until @slots.empty?
      events, errors = Hook.__remove(@slots[-1])
      @slots.pop
      @removed = [@removed[0] + events, @removed[1] + errors]
    end
    Hook.__forget(self)
    self
  end

  def enabled?
    @slots.any? { |slot| Hook.__state(slot)[0] }
  end

  # How many events it has seen.
  def events
    @slots.inject(@removed[0]) { |sum, slot| sum + Hook.__state(slot)[1] }
  end

  # How many of them ended in an exception.
  def errors
    @slots.inject(@removed[1]) { |sum, slot| sum + Hook.__state(slot)[2] }
  end

  def inspect
    "#<Hook #{@kinds.join("+")}#{" #{where}" if @address} #{enabled? ? "on" : "off"} events=#{events} errors=#{errors}>"
  end

  alias to_s inspect

  def self.__need_duration(name, duration)
    return if duration.is_a?(Integer) && duration >= 1.milliseconds
    raise ArgumentError, "#{name} takes a duration of a millisecond or more: 5.seconds, 100.milliseconds"
  end

  # at_exit also works when it is the guest that ends.
  def self.__watch_shutdown
    @shutdown ||= new([:shutdown], nil, {}) { __run_at_exit }
  end

  # A text that the script gives or gets has one block, the last that was named.
  def self.__hear(kind, **filters, &block)
    @heard ||= {}
    @heard[kind].off if @heard[kind]
    @heard[kind] = new([kind], nil, filters, &block)
  end

  private

  def where
    hex = ->(number) { number && "0x#{number.to_s(16)}" }
    case @address
    when Range then "#{hex.(@address.begin)}#{@address.exclude_end? ? "..." : ".."}#{hex.(@address.end)}"
    when Array then @address.map { |address| address.is_a?(Integer) ? hex.(address) : address.inspect }.join(",")
    else hex.(@address)
    end
  end

  # One hook of the hypervisor for each kind and range; all of them or none.
  def register
    @kinds.each { |kind| Hook.__add(kind, @address, @filters, @block, @slots) }
  rescue Exception => exception
    begin
      off
    rescue AccessError
      Hook.__keep(self) # those that stay need their block
    end
    raise exception
  end
end

module Kernel
  # on(kind..., address_or_range = nil, filter: value...) { |event| ... } -> Hook
  def on(*arguments, **filters, &block)
    Hook.on(*arguments, **filters, &block)
  end

  def off(hook)
    hook.off
  end

  # every(5.seconds) { ... } -> Hook
  def every(duration, **filters, &block)
    Hook.__need_duration("every", duration)
    Hook.new([:timer], duration, filters, &block)
  end

  # after(5.seconds) { ... } -> Hook, which is off when its block runs
  def after(duration, **filters, &block)
    Hook.__need_duration("after", duration)
    raise ArgumentError, "a hook needs a block: after(...) { |event| ... }" unless block
    hook = Hook.new([:timer], duration, filters) do |event|
      hook.off
      block.call(event)
    end
  end

  alias __at_exit at_exit

  # Runs when the engine ends or the guest powers off or resets; the newest block first.
  def at_exit(&block)
    raise ArgumentError, "at_exit needs a block" unless block
    Hook.__watch_shutdown
    __at_exit(&block)
  end

  # Runs when another script takes this one's place (`ritectl reload`), which gets the String that it returns.
  def at_reload(&block)
    raise ArgumentError, "at_reload needs a block: at_reload { state.to_s }" unless block
    Hook.__hear(:hand_over) do
      state = block.call
      raise TypeError, "at_reload hands over a String, or nothing by nil" unless state.nil? || state.is_a?(String)
      Hook.__give(state) if state
    end
  end

  # Runs with what the script handed over whose place this one takes, before its hooks see their first event.
  def reloaded(&block)
    raise ArgumentError, "reloaded needs a block: reloaded { |state| ... }" unless block
    Hook.__hear(:reloaded) { block.call(Hook.__text) }
  end

  # A hook holds the guest: it cannot wait.
  def sleep(*)
    raise NotImplementedError, "sleep would stop the guest: use every(duration) { ... } instead"
  end

  alias usleep sleep
end
