# The data of a request, or a part of it: a view, whose bytes are read and written where they are.
#
#   r.data.u32(0)               r.data[16, 8].to_s         r.data.index("\x7fELF")
class Bytes
  # data[at] -> a byte; data[at, bytes] -> a view of that part
  def [](at, bytes = nil)
    return u8(at) unless bytes
    __part(at, bytes)
  end

  # data[at] = byte; data[at, bytes] = String of as many bytes
  def []=(at, bytes, value = nil)
    return set_u8(at, bytes) unless value
    raise ArgumentError, "#{bytes} bytes are replaced by as many, not by #{value.bytesize}" if value.bytesize != bytes
    write(at, value)
  end

  # Copies: all of them, or a part.
  def to_s(at = 0, bytes = size - at)
    __event.__read(__at(at, bytes), bytes)
  end

  def write(at, text)
    __event.__write(__at(at, text.bytesize), text)
    self
  end

  # From where these bytes begin, or nil.
  def index(text, at = 0)
    found = __event.__index(__at(at, size - at), size - at, text.to_s)
    found && at + found
  end

  def include?(text)
    !index(text).nil?
  end

  def ==(other)
    (other.is_a?(Bytes) || other.is_a?(String)) && other.to_s.bytesize == size && to_s.bytes == other.to_s.bytes
  end

  def fill(byte)
    __event.__fill(__at(0, size), size, byte)
    self
  end

  def bytes
    to_s.bytes
  end

  def inspect
    "#<Bytes #{size}>"
  end

  def u8(at, order = :little)
    __number(at, 1, order)
  end

  def u16(at, order = :little)
    __number(at, 2, order)
  end

  def u32(at, order = :little)
    __number(at, 4, order)
  end

  def u64(at, order = :little)
    __number(at, 8, order)
  end

  def set_u8(at, value, order = :little)
    __set_number(at, value, 1, order)
  end

  def set_u16(at, value, order = :little)
    __set_number(at, value, 2, order)
  end

  def set_u32(at, value, order = :little)
    __set_number(at, value, 4, order)
  end

  def set_u64(at, value, order = :little)
    __set_number(at, value, 8, order)
  end

  private

  def __number(at, count, order)
    __event.__number(__at(at, count), count, __order(order) == :big)
  end

  def __set_number(at, value, count, order)
    raise RangeError, "#{value} does not fit #{count} bytes" unless value >= 0 && value >> 8 * count == 0
    bytes = (0...count).map { |index| value >> 8 * index & 0xff }
    bytes.reverse! if __order(order) == :big
    write(at, bytes.map { |byte| byte.chr }.join)
  end

  def __order(order)
    return order if order == :little || order == :big
    raise ArgumentError, "the order of bytes is :little or :big, not #{order.inspect}"
  end
end
