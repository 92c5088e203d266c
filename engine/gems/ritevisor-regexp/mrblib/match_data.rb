# What a match found. Offsets are kept in bytes; begin, end and offset count characters, as the
# indices of String do.
class MatchData
  attr_reader :regexp, :string

  def initialize(regexp, string, offsets)
    @regexp = regexp
    @string = string
    @offsets = offsets
  end

  def size
    @offsets.size / 2
  end

  alias length size

  def byteoffset(group = 0)
    number = number_of(group)
    [@offsets[number * 2], @offsets[number * 2 + 1]]
  end

  def bytebegin(group = 0)
    byteoffset(group)[0]
  end

  def byteend(group = 0)
    byteoffset(group)[1]
  end

  def begin(group)
    first = bytebegin(group)
    first && @string.__char_index(first)
  end

  def end(group)
    past = byteend(group)
    past && @string.__char_index(past)
  end

  def offset(group)
    [self.begin(group), self.end(group)]
  end

  # match[1], match[:name], match[1, 2], match[1..]
  def [](group, *rest)
    return to_a[group, *rest] if group.is_a?(Range) || !rest.empty?
    return group.abs < size ? text(group < 0 ? group + size : group) : nil if group.is_a?(Integer)
    text(number_of(group))
  end

  def to_a
    (0...size).map { |number| text(number) }
  end

  def captures
    to_a[1..-1]
  end

  alias deconstruct captures

  def names
    @regexp.names
  end

  def named_captures(symbolize_names: false)
    names.map { |name| [symbolize_names ? name.to_sym : name, self[name]] }.to_h
  end

  def deconstruct_keys(keys)
    all = named_captures(symbolize_names: true)
    keys ? all.select { |name, _| keys.include?(name) } : all
  end

  def values_at(*groups)
    groups.map { |group| self[group] }
  end

  def pre_match
    @string.byteslice(0, @offsets[0])
  end

  def post_match
    @string.byteslice(@offsets[1], @string.bytesize - @offsets[1])
  end

  def to_s
    text(0)
  end

  def ==(other)
    other.is_a?(MatchData) && other.regexp == @regexp && other.string == @string &&
      (0...size).all? { |number| other.byteoffset(number) == byteoffset(number) }
  end

  def inspect
    names = {}
    @regexp.named_captures.each { |name, numbers| numbers.each { |number| names[number] = name } }
    groups = (1...size).map { |number| " #{names[number] || number}:#{text(number).inspect}" }
    "#<MatchData #{to_s.inspect}#{groups.join}>"
  end

  private

  def text(number)
    first = @offsets[number * 2]
    first && @string.byteslice(first, @offsets[number * 2 + 1] - first)
  end

  # Of groups with the same name, the last one that took part.
  def number_of(group)
    if group.is_a?(Integer)
      raise IndexError, "index #{group} out of matches" unless group >= 0 && group < size
      return group
    end
    numbers = @regexp.named_captures[group.to_s]
    raise IndexError, "undefined group name reference: #{group}" unless numbers
    numbers.reverse.find { |number| @offsets[number * 2] } || numbers[-1]
  end
end
