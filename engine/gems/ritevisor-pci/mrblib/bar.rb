module PCI
  # A base address register: where a device's registers are, in memory or in I/O ports
  # (PCI Local Bus 3.0, 6.2.5.1). Its size was asked for before the guest ran; its address is what the
  # guest has made of it.
  class Bar
    attr_reader :device, :number, :size

    # nil if there is none of that number, or the firmware left it empty.
    def self.find(device, number)
      address, size, port, wide = PCI.__bar(device.bdf, number)
      new(device, number, size, port, wide) if address && address != 0
    end

    def initialize(device, number, size, port, wide)
      @device = device
      @number = number
      @size = size
      @port = port
      @wide = wide
    end

    # Where it is now.
    def address
      PCI.__bar(@device.bdf, @number)[0]
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
      first = address
      first...first + @size
    end

    def read(offset, width = 4)
      check(offset, width)
      @port ? Port.__send__("read#{width * 8}", address + offset) : Mmio.read(address + offset, width)
    end

    def write(offset, value, width = 4)
      check(offset, width)
      return Port.__send__("write#{width * 8}", address + offset, value) if @port
      Mmio.write(address + offset, value, width)
    end

    # bar.on(:access, offset: 0x18) { |io| ... }; :read, :write or :access; offset: an Integer or a
    # Range within the BAR. io.offset counts from the BAR's start. The hook goes where the BAR goes.
    def on(direction = :access, offset: nil, **filters, &block)
      unless [:read, :write, :access].include?(direction)
        raise ArgumentError, "a BAR has :read, :write and :access, not #{direction.inspect}"
      end
      filters[:of] = self
      Hook.on("#{@port ? "port" : "mmio"}_#{direction}".to_sym, part(offset), **filters, &block)
    end

    def to_s
      "bar #{@number}: #{@port ? "ports" : "memory"} 0x#{address.to_s(16)}, #{@size} bytes"
    end

    def inspect
      "#<PCI::Bar #{@device.slot} #{self}>"
    end

    # RV_FOLLOWS_OF() of rv/abi.h.
    def __follows
      0x80000000 | @number << 16 | @device.bdf
    end

    private

    # Where the size is not known, nothing is.
    def check(offset, width)
      return if offset >= 0 && (offset + width <= @size || @size == 0)
      raise RangeError, "offset 0x#{offset.to_s(16)} is outside the BAR's #{@size} bytes"
    end

    def part(offset)
      case offset
      when nil
        raise ArgumentError, "the size of #{inspect} is not known: say offset:" if @size == 0
        0...@size
      when Integer
        check(offset, 1)
        offset
      when Range
        first = offset.begin || 0
        last = offset.end.nil? ? @size - 1 : offset.end - (offset.exclude_end? ? 1 : 0)
        check(first, 1)
        check(last, 1)
        first..last
      else raise ArgumentError, "offset: is an Integer or a Range, not #{offset.inspect}"
      end
    end
  end
end
