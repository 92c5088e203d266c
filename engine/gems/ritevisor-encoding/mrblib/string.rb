# Methods of String that call a block, or are made of others. Places are counted in bytes here.
class String
  alias __ascii_succ! succ!

  def chars(&block)
    return __chars unless block
    __chars.each(&block)
    self
  end

  def codepoints(&block)
    return __codepoints unless block
    __codepoints.each(&block)
    self
  end

  def each_codepoint(&block)
    block ? codepoints(&block) : to_enum(:each_codepoint)
  end

  def each_char
    return to_enum(:each_char) unless block_given?
    text, at = dup, 0
    while at < text.bytesize
      bytes = text.__char_bytes(at)
      yield text.byteslice(at, bytes)
      at += bytes
    end
    self
  end

  def chr
    self[0, 1]
  end

  def rpartition(separator)
    raise TypeError, "type mismatch: #{separator.class} given" unless separator.is_a?(String)
    at = rindex(separator)
    return [byteslice(0, 0), byteslice(0, 0), dup] unless at
    at = __joins_binary?(separator) ? at : __byte_index(at)
    past = at + separator.bytesize
    [byteslice(0, at), separator, byteslice(past, bytesize - past)]
  end

  alias __byte_chomp chomp
  alias __byte_chomp! chomp!

  def chomp(*ending)
    __chomps_line?(ending) ? __byte_chomp(*ending) : delete_suffix(ending[0])
  end

  def chomp!(*ending)
    __chomps_line?(ending) ? __byte_chomp!(*ending) : delete_suffix!(ending[0])
  end

  def delete_prefix!(prefix)
    __take(delete_prefix(prefix))
  end

  def delete_suffix!(suffix)
    __take(delete_suffix(suffix))
  end

  # The next of "az9" is "ba0"; which letters beyond ASCII follow each other is in no table here.
  def succ!
    unless ascii_only? || encoding == Encoding::BINARY
      raise ArgumentError, "succ of a String that is not ASCII"
    end
    kind = encoding
    __ascii_succ!.force_encoding(kind)
  end

  def succ
    dup.succ!
  end

  alias next succ
  alias next! succ!

  def gsub(pattern, *replacement, &block)
    return to_enum(:gsub, pattern) if replacement.empty? && !block
    __replace(pattern, replacement, block, true) || dup
  end

  def sub(pattern, *replacement, &block)
    __replace(pattern, replacement, block, false) || dup
  end

  def gsub!(pattern, *replacement, &block)
    return to_enum(:gsub!, pattern) if replacement.empty? && !block
    __put(__replace(pattern, replacement, block, true))
  end

  def sub!(pattern, *replacement, &block)
    __put(__replace(pattern, replacement, block, false))
  end

  private

  def __joins_binary?(other)
    (byteslice(0, 0) << self << other).encoding == Encoding::BINARY
  end

  # Text that a binary String makes binary: places are those of bytes from the start.
  def __joins_as_bytes?(other)
    other && encoding != Encoding::BINARY && !ascii_only? && __joins_binary?(other)
  end

  def __chomps_line?(ending)
    ending.size != 1 || !ending[0].is_a?(String) || ending[0].empty? || ending[0] == "\n"
  end

  def __put(made)
    raise FrozenError, "can't modify frozen String" if frozen?
    made && replace(made)
  end

  def __take(made)
    __put(made.bytesize == bytesize ? nil : made)
  end

  # The new String, or nil when the pattern stands nowhere.
  def __replace(pattern, replacement, block, all)
    if replacement.size > 1 || (replacement.empty? && !block)
      raise ArgumentError, "wrong number of arguments (given #{replacement.size + 1}, expected 1..2)"
    end
    raise TypeError, "wrong argument type #{pattern.class} (expected Regexp)" unless pattern.is_a?(String)
    return b.__replace(pattern, replacement, block, all) if __joins_as_bytes?(replacement[0])
    unless pattern.valid_encoding? || __joins_binary?(pattern)
      raise ArgumentError, "invalid byte sequence in UTF-8 to replace"
    end
    made, from = byteslice(0, 0), 0
    found = __byte_find(pattern, 0)
    return nil unless found
    while found
      made << byteslice(from, found - from)
      made << (replacement.empty? ? block.call(pattern).to_s : __sub_replace(replacement[0], pattern, found))
      from = found + pattern.bytesize
      if pattern.empty? && from < bytesize
        made << byteslice(from, bytes = __char_bytes(from))
        from += bytes
      elsif pattern.empty?
        break
      end
      found = all ? __byte_find(pattern, from) : nil
    end
    made << byteslice(from, bytesize - from)
  end
end

class Array
  alias __mruby_pack pack

  # Bytes, unless the first directive makes characters.
  def pack(format)
    made = __mruby_pack(format)
    format.lstrip.start_with?("U") ? made : made.force_encoding(Encoding::BINARY)
  end
end

class String
  alias __mruby_unpack unpack
  alias __mruby_unpack1 unpack1

  def unpack(format)
    __mruby_unpack(format).each { |part| part.force_encoding(Encoding::BINARY) if part.is_a?(String) }
  end

  def unpack1(format)
    part = __mruby_unpack1(format)
    part.is_a?(String) ? part.force_encoding(Encoding::BINARY) : part
  end
end

class Random
  class << self
    alias __mruby_bytes bytes

    def bytes(count)
      __mruby_bytes(count).force_encoding(Encoding::BINARY)
    end
  end

  alias __mruby_bytes bytes

  def bytes(count)
    __mruby_bytes(count).force_encoding(Encoding::BINARY)
  end
end
