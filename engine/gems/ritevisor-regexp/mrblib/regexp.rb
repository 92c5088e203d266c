# Regular expressions. Matching itself is PCRE2's (src/regexp.c); offsets it gives are in bytes.
class Regexp
  ESCAPED = {
    "\n" => "\\n", "\t" => "\\t", "\r" => "\\r", "\f" => "\\f", "\v" => "\\v", " " => "\\ "
  }.freeze

  attr_reader :source

  def self.escape(text)
    text.to_s.chars.map { |char| ESCAPED[char] || (".*?+^$|\\()[]{}-#/".include?(char) && char != "/" ? "\\#{char}" : char) }.join
  end

  def self.quote(text)
    escape(text)
  end

  def self.union(*patterns)
    patterns = patterns[0] if patterns.size == 1 && patterns[0].is_a?(Array)
    return new("(?!)") if patterns.empty?
    return patterns[0] if patterns.size == 1 && patterns[0].is_a?(Regexp)
    new(patterns.map { |pattern| pattern.is_a?(Regexp) ? pattern.to_s : escape(pattern) }.join("|"))
  end

  def self.try_convert(object)
    object.is_a?(Regexp) ? object : nil
  end

  # The last match, or one group of it.
  def self.last_match(group = nil)
    group && $~ ? $~[group] : $~
  end

  # A match from byte `from` on as a MatchData, or nil. Sets no globals.
  def __find(string, from, anchored = false)
    offsets = __search(string, from, anchored)
    offsets && MatchData.new(self, string.frozen? ? string : string.dup.freeze, offsets)
  end

  def match(string, from = 0)
    return Regexp.__keep(nil) if string.nil?
    string = string.to_s if string.is_a?(Symbol)
    from = string.__byte_index(from)
    found = Regexp.__keep(from && __find(string, from))
    found && block_given? ? yield(found) : found
  end

  # Faster than match: makes no objects and sets no globals.
  def match?(string, from = 0)
    return false if string.nil?
    string = string.to_s if string.is_a?(Symbol)
    from = string.__byte_index(from) unless from == 0
    from ? __match?(string, from) : false
  end

  def =~(string)
    found = match(string)
    found && found.begin(0)
  end

  def ===(string)
    return false unless string.is_a?(String) || string.is_a?(Symbol)
    !match(string).nil?
  end

  def ~
    self =~ $_
  end

  def names
    named_captures.keys
  end

  def casefold?
    options & IGNORECASE != 0
  end

  def ==(other)
    other.is_a?(Regexp) && other.source == source && other.options == options
  end

  alias eql? ==

  def hash
    [source, options].hash
  end

  def to_s
    on, off = __letters
    "(?#{on}#{off.empty? ? "" : "-#{off}"}:#{source})"
  end

  def inspect
    "/#{source.gsub("/", "\\/")}/#{__letters[0]}#{options & NOENCODING == 0 ? "" : "n"}"
  end

  def __letters
    letters = { "m" => MULTILINE, "i" => IGNORECASE, "x" => EXTENDED }
    on, off = letters.keys.partition { |letter| options & letters[letter] != 0 }
    [on.join, off.join]
  end
end
