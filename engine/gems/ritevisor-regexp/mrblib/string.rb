# Methods of String that take a Regexp. Those named __regexp_ are called by src/string.c when the
# first argument is one.
class String
  def match(pattern, from = 0, &block)
    __regexp(pattern).match(self, from, &block)
  end

  def match?(pattern, from = 0)
    __regexp(pattern).match?(self, from)
  end

  def =~(pattern)
    raise TypeError, "wrong argument type String (expected Regexp)" if pattern.is_a?(String)
    pattern =~ self
  end

  def scan(pattern, &block)
    found = []
    pattern = Regexp.new(Regexp.escape(pattern)) if pattern.is_a?(String)
    __regexp_each(pattern) do |match|
      one = match.size == 1 ? match.to_s : match.captures
      if block
        Regexp.__keep(match)
        block.call(one)
      else
        found << one
      end
      $~ = match
    end
    block ? self : found
  end

  alias __string_sub sub
  alias __string_gsub gsub
  alias __string_sub! sub!
  alias __string_gsub! gsub!
  alias __string_slice! slice!
  alias __string_partition partition
  alias __string_rpartition rpartition

  def sub(pattern, *replacement, &block)
    return __regexp_replace(pattern, replacement, block, false) || dup if __replaces?(pattern, replacement)
    __string_sub(pattern, *replacement, &block)
  end

  def gsub(pattern, *replacement, &block)
    unless __replaces?(pattern, replacement)
      return __string_gsub(pattern, *replacement, &block)
    end
    return to_enum(:gsub, pattern) if replacement.empty? && !block
    __regexp_replace(pattern, replacement, block, true) || dup
  end

  def sub!(pattern, *replacement, &block)
    return __string_sub!(pattern, *replacement, &block) unless __replaces?(pattern, replacement)
    made = __regexp_replace(pattern, replacement, block, false)
    made && replace(made)
  end

  def gsub!(pattern, *replacement, &block)
    return __string_gsub!(pattern, *replacement, &block) unless __replaces?(pattern, replacement)
    return to_enum(:gsub!, pattern) if replacement.empty? && !block
    made = __regexp_replace(pattern, replacement, block, true)
    made && replace(made)
  end

  def slice!(pattern, *rest)
    return __string_slice!(pattern, *rest) unless pattern.is_a?(Regexp)
    match = pattern.match(self)
    taken = match && match[rest.empty? ? 0 : rest[0]]
    __regexp_put(match, rest.empty? ? 0 : rest[0], "") if taken
    taken
  end

  def partition(pattern)
    return __string_partition(pattern) unless pattern.is_a?(Regexp)
    match = pattern.match(self)
    match ? [match.pre_match, match.to_s, match.post_match] : [dup, "", ""]
  end

  def rpartition(pattern)
    return __string_rpartition(pattern) unless pattern.is_a?(Regexp)
    match = __regexp_last(pattern, bytesize)
    match ? [match.pre_match, match.to_s, match.post_match] : ["", "", dup]
  end

  # Calls the block with the MatchData of each match, one after the other.
  def __regexp_each(pattern)
    string = frozen? ? self : dup.freeze
    at = 0
    while at <= string.bytesize && (offsets = pattern.__search(string, at))
      first, past = offsets[0], offsets[1]
      yield MatchData.new(pattern, string, offsets)
      at = past > at || past > first ? past : at
      at = past + string.__char_bytes(past) if past == first
    end
  end

  def __regexp_aref(pattern, group = 0)
    match = pattern.match(self)
    match && match[group]
  end

  def __regexp_aset(pattern, *rest)
    value = rest.pop
    match = pattern.match(self)
    raise IndexError, "regexp not matched" unless match
    __regexp_put(match, rest.empty? ? 0 : rest[0], value)
    value
  end

  def __regexp_index(pattern, from = 0)
    from = __byte_index(from)
    match = Regexp.__keep(from && pattern.__find(self, from))
    match && match.begin(0)
  end

  def __regexp_byteindex(pattern, from = 0)
    match = Regexp.__keep(pattern.__find(self, from < 0 ? from + bytesize : from))
    match && match.bytebegin
  end

  def __regexp_rindex(pattern, from = size)
    from = size if from > size
    from = __byte_index(from)
    match = from && __regexp_last(pattern, from)
    match && match.begin(0)
  end

  def __regexp_start_with?(*patterns)
    patterns.any? do |pattern|
      next start_with?(pattern) unless pattern.is_a?(Regexp)
      Regexp.__keep(pattern.__find(self, 0, true))
    end
  end

  def __regexp_split(pattern, limit = 0)
    return [] if empty?
    return [dup] if limit == 1
    parts = []
    from = 0
    __regexp_each(pattern) do |match|
      first, past = match.byteoffset
      next if past == first && first == from
      break if limit > 0 && parts.size >= limit - 1
      parts << byteslice(from, first - from)
      parts.concat(match.captures.compact)
      from = past
    end
    parts << byteslice(from, bytesize - from)
    parts.pop while limit == 0 && parts[-1] && parts[-1].empty?
    parts
  end

  private

  def __regexp(pattern)
    pattern.is_a?(Regexp) ? pattern : Regexp.compile(pattern.to_str)
  end

  # A Hash replaces matches of a String too.
  def __replaces?(pattern, replacement)
    pattern.is_a?(Regexp) || replacement[0].is_a?(Hash)
  end

  # The last match that begins at byte `from` or before.
  def __regexp_last(pattern, from)
    from.downto(0) do |at|
      match = pattern.__find(self, at, true)
      return Regexp.__keep(match) if match
    end
    Regexp.__keep(nil)
  end

  def __regexp_put(match, group, value)
    first, past = match.byteoffset(group)
    raise IndexError, "regexp group #{group} not matched" unless first
    replace(byteslice(0, first) + value + byteslice(past, bytesize - past))
  end

  # The new string, or nil when nothing matched.
  def __regexp_replace(pattern, replacement, block, all)
    raise ArgumentError, "wrong number of arguments (given 1, expected 2)" if replacement.empty? && !block
    pattern = Regexp.new(Regexp.escape(pattern)) if pattern.is_a?(String)
    made, from, last = "", 0, nil
    __regexp_each(pattern) do |match|
      first, past = match.byteoffset
      made << byteslice(from, first - from) << __regexp_replacement(match, replacement, block)
      from, last = past, match
      break unless all
    end
    Regexp.__keep(last)
    last && made << byteslice(from, bytesize - from)
  end

  def __regexp_replacement(match, replacement, block)
    if replacement.empty?
      Regexp.__keep(match)
      return block.call(match.to_s).to_s
    end
    text = replacement[0]
    return text[match.to_s].to_s if text.is_a?(Hash)
    text.include?("\\") ? __regexp_expand(match, text) : text
  end

  # \1, \k<name>, \0, \&, \`, \' and \\ of a replacement.
  def __regexp_expand(match, text)
    made, at = "", 0
    while (slash = text.byteindex("\\", at)) && slash + 1 < text.bytesize
      made << text.byteslice(at, slash - at)
      letter = text.byteslice(slash + 1, 1)
      at = slash + 2
      case letter
      when "0".."9" then made << (letter.to_i < match.size ? match[letter.to_i].to_s : "")
      when "&" then made << match.to_s
      when "`" then made << match.pre_match
      when "'" then made << match.post_match
      when "\\" then made << "\\"
      when "k"
        close = text.byteslice(at, 1) == "<" && text.byteindex(">", at)
        made << (close ? match[text.byteslice(at + 1, close - at - 1)].to_s : "\\k")
        at = close + 1 if close
      else made << "\\" << letter
      end
    end
    made << text.byteslice(at, text.bytesize - at)
  end
end

class Symbol
  def =~(pattern)
    to_s =~ pattern
  end

  def match(pattern, from = 0, &block)
    to_s.match(pattern, from, &block)
  end

  def match?(pattern, from = 0)
    to_s.match?(pattern, from)
  end
end

module Kernel
  # Nothing but strings and symbols matches.
  def =~(_pattern)
    nil
  end
end

class NilClass
  def =~(_pattern)
    nil
  end
end
