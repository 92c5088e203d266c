class Event
  # What happened, for logs: "port_write 0x3f8 width=1 value=0x41". A read's value is not fetched
  # for this.
  def to_s
    kind.to_s
  end

  alias inspect to_s

  class Access
    def direction
      write? ? :write : :read
    end

    def to_s
      text = "#{kind} 0x#{address.to_s(16)} width=#{width}"
      write? ? "#{text} value=0x#{value.to_s(16)}" : text
    end

    alias inspect to_s
  end

  class Cpuid
    def to_s
      "cpuid 0x#{leaf.to_s(16)} subleaf=#{subleaf}"
    end

    alias inspect to_s
  end

  class PciConfig
    # "8086:1237"
    def id
      "%04x:%04x" % [vendor_id, device_id]
    end

    # "00:03.0"
    def slot
      "%02x:%02x.%d" % [bus, device, function]
    end

    def to_s
      "#{kind} #{slot} offset=0x#{offset.to_s(16)} width=#{width}"
    end

    alias inspect to_s
  end

  class Registers
    def [](name)
      raise ArgumentError, "no register #{name}: there are #{names.join(", ")}" unless names.include?(name.to_sym)
      __send__(name)
    end

    def to_h
      names.map { |name| [name, __send__(name)] }.to_h
    end

    def to_s
      to_h.map { |name, value| "#{name}=0x#{value.to_s(16)}" }.join(" ")
    end

    alias inspect to_s
  end
end
