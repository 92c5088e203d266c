# Where events go that only have to be counted: `on(kind, filters, into: sink)`. Each sink prints itself when the
# engine ends, as bpftrace prints its maps.
#
#   on :disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk direction])
#   on :port_access, 0x20..0xff, into: Counter.new(by: %i[port])
class Sink
  include Enumerable

  KEYS_MAXIMUM = 4096

  attr_reader :name

  @all = []

  def self.__keep(sink)
    at_exit { @all.each(&:print) } if @all.empty?
    @all << sink
  end

  def initialize(name, by)
    @name = name
    @by = by.is_a?(Array) ? by : [by]
    @entries = {}
    @lost = 0
    Sink.__keep(self)
  end

  def add(event)
    key = @by.map { |field| event.__send__(field) }
    __count(key, event)
  end

  def to_proc
    sink = self
    proc { |event| sink.add(event) }
  end

  # Yields [key, what it has], the key an Array of what `by:` says.
  def each(&block)
    @entries.each(&block)
    self
  end

  def [](*key)
    @entries[key]
  end

  def size
    @entries.size
  end

  # How many had a key more than there is room for.
  attr_reader :lost

  def clear
    @entries.clear
    @lost = 0
    self
  end

  def print
    Log.print to_s unless @entries.empty?
    self
  end

  def inspect
    "#<#{self.class} #{@name} #{@entries.size} keys>"
  end

  private

  # A guest that has many things to count does not fill our memory.
  def __room?(key)
    return true if @entries.size < KEYS_MAXIMUM || @entries.key?(key)
    @lost += 1
    false
  end

  def __title(key)
    key.empty? ? "@#{@name}" : "@#{@name}[#{key.join(", ")}]"
  end

  def __lost_line
    @lost.zero? ? "" : "@#{@name}: #{@lost} more are not counted: there are #{KEYS_MAXIMUM} keys\n"
  end
end

# How many events have the same `by:`.
class Counter < Sink
  def initialize(name = :count, by: [])
    super(name, by)
  end

  # One more of what has no event.
  def <<(key)
    __count(key.is_a?(Array) ? key : [key], nil)
    self
  end

  # The most frequent last, as bpftrace has it.
  def to_s
    lines = @entries.sort_by { |_, count| count }.map { |key, count| "#{__title(key)}: #{count}\n" }
    lines.join + __lost_line
  end

  private

  def __count(key, _)
    @entries[key] = (@entries[key] || 0) + 1 if __room?(key)
  end
end

# How a number is distributed: the field of that name, or what `<<` is given.
class Histogram < Sink
  BAR = 52
  UNITS = ["", "K", "M", "G", "T", "P", "E"]

  # Powers of two: [1], [2, 4), [4, 8) ...
  def self.log2(name, unit: nil, by: [])
    new(name, unit, by, nil)
  end

  # As wide as `step`: [0, 10), [10, 20) ...
  def self.linear(name, step:, unit: nil, by: [])
    raise ArgumentError, "step: is 1 or more" unless step.is_a?(Integer) && step >= 1
    new(name, unit, by, step)
  end

  def initialize(name, unit, by, step)
    @unit = unit
    @step = step
    super(name, by)
  end

  def <<(value)
    __add([], value)
    self
  end

  # How many there are of a key, or of all.
  def total(*key)
    (key.empty? ? @entries.values : [@entries[key] || {}]).sum { |buckets| buckets.values.sum }
  end

  def to_s
    @entries.map { |key, buckets| "#{__title(key)}:#{" (#{@unit})" if @unit}\n#{__bars(buckets)}\n" }.join + __lost_line
  end

  private

  def __count(key, event)
    __add(key, event.__send__(@name))
  end

  def __add(key, value)
    return unless __room?(key)
    buckets = @entries[key] ||= {}
    bucket = @step ? value / @step : __log2(value)
    buckets[bucket] = (buckets[bucket] || 0) + 1
  end

  # 0 and 1 have buckets of their own; 2 is in [2, 4).
  def __log2(value)
    bucket = 0
    while value > 0
      value >>= 1
      bucket += 1
    end
    bucket
  end

  def __edge(bucket)
    @step ? bucket * @step : bucket.zero? ? 0 : 1 << bucket - 1
  end

  def __text(number)
    unit = 0
    while number >= 1024 && number % 1024 == 0 && !@step
      number /= 1024
      unit += 1
    end
    "#{number}#{UNITS[unit]}"
  end

  def __range(bucket)
    return "[#{bucket}]" if !@step && bucket < 2
    "[#{__text(__edge(bucket))}, #{__text(__edge(bucket + 1))})"
  end

  def __bars(buckets)
    first, last = buckets.keys.minmax
    most = buckets.values.max
    lines = (first..last).map do |bucket|
      count = buckets[bucket] || 0
      bar = "@" * (count * BAR / most)
      "%-16s %8d |%-#{BAR}s|\n" % [__range(bucket), count, bar]
    end
    lines.join
  end
end
