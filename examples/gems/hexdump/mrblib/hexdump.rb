# Bytes as lines of text: an address, 16 bytes, and what of them can be printed.
module Hexdump
  WIDTH = 16

  def self.lines(bytes, address = 0)
    (0...(bytes.bytesize + WIDTH - 1) / WIDTH).map do |row|
      line(bytes.byteslice(row * WIDTH, WIDTH).bytes, address + row * WIDTH)
    end
  end

  def self.line(bytes, address)
    digits = bytes.map { |byte| "%02x" % byte }.join(" ")
    text = bytes.map { |byte| byte >= 0x20 && byte < 0x7f ? byte.chr : "." }.join
    "%08x  %s  %s" % [address, digits.ljust(WIDTH * 3 - 1), text]
  end
end
