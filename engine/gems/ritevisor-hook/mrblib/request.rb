class Hook
  # What `on` was asked for, checked: a kind, a range of addresses and filters, as numbers in the
  # order that Hook.__add takes (enum request_field in src/hook.c).
  class Request
    # Names and numbers of the kinds, from include/rv/event_kind.h.
    KINDS = Hook.__kinds.freeze

    # One name for reads and writes together.
    GROUPS = {
      port_access: [:port_read, :port_write], mmio_access: [:mmio_read, :mmio_write],
      msr_access: [:msr_read, :msr_write],
      pci_config_access: [:pci_config_read, :pci_config_write]
    }.freeze

    LAST = {
      port: 0xffff, mmio: 0xf_ffff_ffff_ffff, msr: 0xffff_ffff, cpuid: 0xffff_ffff,
      pci: 0xfff, timer: 0xffff_ffff_ffff, shutdown: 0
    }.freeze

    ON_ERROR = { pass: 0, deny: 1, disable: 2 }.freeze
    ALL = [:on_error, :budget, :observe].freeze
    ACCESS = [:width, :address].freeze
    PCI = [:bus, :device, :function, :vendor_id, :device_id, :id, :slot, :class, :class_mask].freeze

    FILTERS = {
      port: ALL + ACCESS + [:port, :value, :mask], mmio: ALL + ACCESS + [:value, :mask, :base],
      msr: ALL + [:address, :msr, :value, :mask], cpuid: ALL + [:address, :leaf, :subleaf],
      pci: ALL + ACCESS + PCI + [:offset, :value, :mask], timer: ALL, shutdown: ALL
    }.freeze

    def self.kinds(names)
      raise ArgumentError, "on needs a kind: #{known_kinds}" if names.empty?
      names.map { |name|
        next GROUPS[name] if GROUPS.key?(name)
        next [name] if KINDS.key?(name) && name != :timer && name != :shutdown
        raise ArgumentError, "no kind of event is called #{name.inspect}; there are #{known_kinds}"
      }.flatten.uniq
    end

    def self.known_kinds
      (KINDS.keys - [:timer, :shutdown] + GROUPS.keys).join(", ")
    end

    def initialize(kind, address, filters)
      @kind = kind
      @family = kind.to_s.split("_")[0].to_sym
      @filters = filters
      check_names
      @first, @last = range(address)
    end

    def to_a
      value_mask, value_match = value_filter
      [KINDS[@kind], @first, @last, on_error, @filters[:budget] || 0, width_mask,
       @filters[:observe] ? 1 : 0, value_mask, value_match, *pci_numbers,
       @filters[:subleaf] || -1, @family == :pci ? 0 : @filters[:base] || @first]
    end

    private

    def write?
      @kind.to_s.end_with?("write")
    end

    def check_names
      allowed = FILTERS[@family]
      @filters.each_key do |name|
        next if allowed.include?(name)
        raise ArgumentError, "#{@kind} has no filter #{name}:, it has " +
                             allowed.map { |n| "#{n}:" }.join(", ")
      end
    end

    # The address may stand alone or be named: port:, msr:, leaf:, offset:.
    def range(address)
      names = [:address, :port, :msr, :leaf, :offset].select { |name| @filters.key?(name) }
      address = @filters[names[0]] if address.nil? && !names.empty?
      case address
      when nil then whole_range
      when Integer then check_range(address, address)
      when Range then check_range(address.begin || 0, range_end(address))
      else raise ArgumentError, "an address is an Integer or a Range, not #{address.inspect}"
      end
    end

    def range_end(range)
      return LAST[@family] if range.end.nil?
      range.exclude_end? ? range.end - 1 : range.end
    end

    def whole_range
      return [0, LAST[@family]] unless @family == :mmio
      raise ArgumentError, "#{@kind} needs an address or a range, on(:#{@kind}, 0xfed00000...0xfed00400)"
    end

    def check_range(first, last)
      return [first, last] if first >= 0 && first <= last && last <= LAST[@family]
      raise ArgumentError, "#{@kind}: 0x#{first.to_s(16)}..0x#{last.to_s(16)} is not a range within " +
                           "0..0x#{LAST[@family].to_s(16)}"
    end

    def on_error
      name = @filters[:on_error] || :pass
      ON_ERROR[name] or raise ArgumentError, "on_error: is :pass, :deny or :disable, not #{name.inspect}"
    end

    def width_mask
      [*@filters[:width]].inject(0) do |mask, width|
        bit = [1, 2, 4, 8].index(width)
        raise ArgumentError, "width: is 1, 2, 4 or 8, not #{width.inspect}" unless bit
        mask | 1 << bit
      end
    end

    def value_filter
      value, mask = @filters[:value], @filters[:mask]
      return [0, 0] if value.nil? && mask.nil?
      raise ArgumentError, "#{@kind}: value: filters writes only, a read has no value yet" unless write?
      raise ArgumentError, "mask: says which bits of value: count, give value: too" if value.nil?
      mask ||= 0xffff_ffff_ffff_ffff
      [mask, value & mask]
    end

    # bus, device, function, vendor, device id, class, class mask; -1 is any
    def pci_numbers
      bus, device, function = @filters[:slot] ? parse_slot : [:bus, :device, :function].map { |n| @filters[n] || -1 }
      vendor_id, device_id = @filters[:id] ? parse_id : [@filters[:vendor_id] || -1, @filters[:device_id] || -1]
      [bus, device, function, vendor_id, device_id, *class_numbers]
    end

    def parse_id
      self.class.hex_fields(@filters[:id], ":", 2) or
        raise ArgumentError, "id: is \"VENDOR:DEVICE\" in hex, \"8086:100e\", not #{@filters[:id].inspect}"
    end

    def parse_slot
      bus, rest = @filters[:slot].to_s.split(":")
      device, function = rest.to_s.split(".")
      raise ArgumentError, "slot: is \"BUS:DEVICE.FUNCTION\" in hex, \"00:1f.2\"" if function.nil?
      [bus.to_i(16), device.to_i(16), function.to_i]
    end

    def self.hex_fields(text, separator, count)
      fields = text.to_s.split(separator)
      fields.size == count ? fields.map { |field| field.to_i(16) } : nil
    end

    # 0x0c: a class; 0x0c03: class and subclass; 0x0c0330: with the programming interface.
    def class_numbers
      code = @filters[:class]
      return [-1, 0] if code.nil?
      mask = @filters[:class_mask]
      return [code & mask, mask] if mask
      return [code << 16, 0xff0000] if code <= 0xff
      return [code << 8, 0xffff00] if code <= 0xffff
      [code, 0xffffff]
    end
  end
end
