# Where events go that only have to be counted: `on(kind, filters, into: sink)`. Each sink prints itself when the
# engine ends, as bpftrace prints its maps.
#
#   on :disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk direction])
#   on :port_access, 0x20..0xff, into: Counter.new(by: %i[port])
class Sink
  include Enumerable

  attr_reader :name

  @all = []

  def self.__keep(sink)
    at_exit { @all.each(&:print) } if @all.empty?
    @all << sink
  end

  # The hypervisor keeps the numbers: it adds what C alone can, and `ritectl metrics` reads them there.
  def initialize(name, by, kind, unit: nil, step: 0)
    @name = name
    @by = by.is_a?(Array) ? by : [by]
    @number = Sink.__create(name.to_s, unit.to_s, kind, step)
    @keys = {}
    Sink.__keep(self)
  end

  def add(event)
    __add(@by.map { |field| event.__send__(field) }, __value(event))
  end

  def to_proc
    sink = self
    proc { |event| sink.add(event) }
  end

  # Can the hypervisor add events of these kinds by itself?
  def __counted?(kinds)
    [*__field, *@by].all?(Symbol) && @by.size <= 5 && kinds.all? { |kind| Hook.__counts?(kind, __field, @by) }
  end

  # It looks on by itself.
  def __counted(filters)
    filters.reject { |name, _| name == :observe }.merge(verdict: [@number, __field, @by])
  end

  def to_h
    Sink.__entries(@number).map { |key, _, value| [__key(key), value] }.to_h
  end

  # Yields [key, what it has], the key an Array of what `by:` says.
  def each(&block)
    to_h.each(&block)
    self
  end

  def [](*key)
    to_h[key]
  end

  def size
    to_h.size
  end

  # How many there was no room for.
  def lost
    Sink.__lost(@number)
  end

  def clear
    Sink.__clear(@number)
    @keys.clear
    self
  end

  def print
    text = to_s
    Log.print text unless text.empty?
    self
  end

  def inspect
    "#<#{self.class} #{@name} #{size} keys>"
  end

  private

  # A text stands for keys that are not all words (numbers, names, disks, cards, nil); what it stands for is known here.
  def __add(keys, value)
    text = Sink.__text(keys)
    @keys[text] ||= keys if Sink.__add(@number, keys, text, value) && text
  end

  def __key(key)
    key.is_a?(String) ? @keys[key] || [key] : key
  end

  def __title(key)
    key.empty? ? "@#{@name}" : "@#{@name}[#{key.join(", ")}]"
  end

  def __lost_line
    lost.zero? ? "" : "@#{@name}: #{lost} more are not counted: there is no room\n"
  end
end

# How many events have the same `by:`.
class Counter < Sink
  def initialize(name = :count, by: [])
    super(name, by, 0)
  end

  # One more of what has no event.
  def <<(key)
    __add(key.is_a?(Array) ? key : [key], 1)
    self
  end

  # The most frequent last, as bpftrace has it.
  def to_s
    lines = to_h.sort_by { |_, count| count }.map { |key, count| "#{__title(key)}: #{count}\n" }
    lines.join + __lost_line
  end

  private

  def __field
    nil
  end

  def __value(_)
    1
  end
end

# What the last event of the same `by:` had in the field of that name, or what was put there.
class Table < Sink
  def initialize(name, by: [])
    super(name, by, 1)
  end

  def []=(*key, value)
    raise ArgumentError, "a table keeps numbers from 0 on" unless value.is_a?(Integer) && value >= 0
    __add(key, value)
  end

  def to_s
    to_h.sort_by { |_, value| value }.map { |key, value| "#{__title(key)}: #{value}\n" }.join + __lost_line
  end

  private

  def __field
    @name
  end

  def __value(event)
    event.__send__(@name)
  end
end

# How a number is distributed: the field of that name, or what `<<` is given.
class Histogram < Sink
  BAR = 52
  GAP = 64
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
    super(name, by, step ? 3 : 2, unit: unit, step: step || 0)
  end

  def <<(value)
    __add([], __number(value))
    self
  end

  # What each key has: how many there are in each bucket.
  def to_h
    Sink.__entries(@number).each_with_object({}) do |(key, bucket, count), all|
      (all[__key(key)] ||= {})[bucket] = count
    end
  end

  # How many there are of a key, or of all.
  def total(*key)
    all = to_h
    (key.empty? ? all.values : [all[key] || {}]).sum { |buckets| buckets.values.sum }
  end

  def to_s
    to_h.map { |key, buckets| "#{__title(key)}:#{" (#{@unit})" if @unit}\n#{__bars(buckets)}\n" }.join + __lost_line
  end

  private

  def __field
    @name
  end

  def __value(event)
    __number(event.__send__(@name))
  end

  def __number(value)
    @step || value > 0 ? value : 0
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
    most = buckets.values.max
    __rows(buckets.keys.sort).map { |bucket|
      count = buckets[bucket] || 0
      bar = "@" * (count * BAR / most)
      "%-16s %8d |%-#{BAR}s|\n" % [__range(bucket), count, bar]
    }.join
  end

  # Empty buckets are shown in between, but not without end: the guest may choose what is counted.
  def __rows(buckets)
    buckets.each_with_index.flat_map do |bucket, i|
      following = buckets[i + 1] || bucket + 1
      (bucket...[following, bucket + GAP].min).to_a
    end
  end
end
