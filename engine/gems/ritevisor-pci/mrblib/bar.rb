module PCI
  # A base address register: where a device's registers are, in memory or in I/O ports
  # (PCI Local Bus 3.0, 6.2.5.1).
  class Bar
    attr_reader :device, :number, :address, :size

    def self.decode(device, number)
      offset = 0x10 + 4 * number
      low = device.read(offset)
      return nil if low == 0 || low == 0xffffffff
      port = low & 1 != 0
      wide = !port && low & 6 == 4
      high = wide ? device.read(offset + 4) : 0
      address = port ? low & 0xfffffffc : high << 32 | low & 0xfffffff0
      return nil if address == 0
      new(device, number, address, port, wide)
    end

    def initialize(device, number, address, port, wide)
      @device = device
      @number = number
      @address = address
      @port = port
      @wide = wide
      @size = measure
    end

    # In I/O ports?
    def port?
      @port
    end

    # 64 bits, so that it takes two registers?
    def wide?
      @wide
    end

    def range
      @address...@address + @size
    end

    def read(offset, width = 4)
      check(offset, width)
      @port ? Port.__send__("read#{width * 8}", @address + offset) : Mmio.read(@address + offset, width)
    end

    def write(offset, value, width = 4)
      check(offset, width)
      return Port.__send__("write#{width * 8}", @address + offset, value) if @port
      Mmio.write(@address + offset, value, width)
    end

    # bar.on(:access, offset: 0x18) { |io| ... }; :read, :write or :access; offset: an Integer or a
    # Range within the BAR. io.offset counts from the BAR's start.
    def on(direction = :access, offset: nil, **filters, &block)
      unless [:read, :write, :access].include?(direction)
        raise ArgumentError, "a BAR has :read, :write and :access, not #{direction.inspect}"
      end
      filters[:base] = @address
      Hook.on("#{@port ? "port" : "mmio"}_#{direction}".to_sym, part(offset), **filters, &block)
    end

    def to_s
      "bar #{@number}: #{@port ? "ports" : "memory"} 0x#{@address.to_s(16)}, #{@size} bytes"
    end

    def inspect
      "#<PCI::Bar #{@device.slot} #{self}>"
    end

    private

    def check(offset, width)
      return if offset >= 0 && offset + width <= @size
      raise RangeError, "offset 0x#{offset.to_s(16)} is outside the BAR's #{@size} bytes"
    end

    def part(offset)
      case offset
      when nil then range
      when Integer
        check(offset, 1)
        @address + offset
      when Range
        first = offset.begin || 0
        last = offset.end.nil? ? @size - 1 : offset.end - (offset.exclude_end? ? 1 : 0)
        check(first, 1)
        check(last, 1)
        @address + first..@address + last
      else raise ArgumentError, "offset: is an Integer or a Range, not #{offset.inspect}"
      end
    end

    # Writing ones shows which address bits the device decodes. Decoding is off meanwhile, so that
    # it does not answer at a wrong address.
    def measure
      command = @device.read(0x04, 2)
      offset = 0x10 + 4 * @number
      low = @device.read(offset)
      high = @wide ? @device.read(offset + 4) : 0
      @device.write(0x04, command & 0xfffc, 2)
      bits = probe(offset, low)
      bits |= probe(offset + 4, high) << 32 if @wide
      @device.write(0x04, command, 2)
      decoded_size(bits)
    end

    def probe(offset, old)
      @device.write(offset, 0xffffffff)
      bits = @device.read(offset)
      @device.write(offset, old)
      bits
    end

    def decoded_size(bits)
      mask = bits & (@port ? 0xfffffffc : 0xffff_ffff_ffff_fff0)
      return 0 if mask == 0
      mask & -mask
    end
  end
end
