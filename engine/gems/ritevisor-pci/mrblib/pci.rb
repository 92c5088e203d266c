# The PCI devices of the machine.
#
#   PCI.each { |device| log device.to_s }
#   PCI.find(class: 0x0200).hide
module PCI
  # Every function that answers, in the order of bus, device, function. Buses are found by walking
  # the bridges (PCI-to-PCI Bridge Architecture 3.2.5.4: secondary bus number at 0x19).
  def self.each(&block)
    return devices.each unless block
    devices.each(&block)
  end

  def self.devices
    found = []
    buses = [0]
    until buses.empty?
      bus = buses.shift
      (0..31).each { |device| scan_device(bus, device, found, buses) }
    end
    found
  end

  # PCI.find(id: "8086:100e"), PCI.find(class: 0x0c03), PCI.find(slot: "00:1f.2"); nil if none.
  def self.find(**filters)
    devices.find { |device| device.match?(**filters) }
  end

  def self.select(**filters)
    devices.select { |device| device.match?(**filters) }
  end

  # All that fit, those too that are plugged in later: see Device#isolate, Device#hide. Returns the Hooks.
  def self.isolate(**filters)
    __confine(:isolate, :pci_config_write, filters)
  end

  def self.hide(**filters)
    __confine(:hide, :pci_config_access, filters)
  end

  # First what is to come: nothing is missed in between.
  def self.__confine(how, kind, filters)
    raise ArgumentError, "PCI.#{how} takes filters: class: 0x0c03, id: or slot:" if filters.empty?
    found = select(**filters)
    later = Hook.on(kind, verdict: how == :hide ? :deny : how, **filters)
    [later] + found.map { |device| device.__send__(how) }
  end

  def self.bdf(bus, device, function)
    bus << 8 | device << 3 | function
  end

  def self.scan_device(bus, device, found, buses)
    return if config_read(bdf(bus, device, 0), 0, 2) == 0xffff
    multifunction = config_read(bdf(bus, device, 0), 0x0e, 1) & 0x80 != 0
    (0..(multifunction ? 7 : 0)).each do |function|
      next if config_read(bdf(bus, device, function), 0, 2) == 0xffff
      pci = Device.new(bus, device, function)
      found << pci
      secondary = pci.bridge? ? pci.read(0x19, 1) : 0
      buses << secondary if secondary > bus && !buses.include?(secondary)
    end
  end

  # What Device#hide and isolate return.
  class Hiding < Hook
    # What stays on, as some do in chipsets, is denied. Returns true if that is bus mastering, which cannot be.
    def switch_off(device)
      left = PCI.__switch_off(device.bdf)
      staying = device.bars.select { |bar| left & (bar.port? ? 1 : 2) != 0 }
      @bars = staying.map { |bar| bar.on(verdict: :deny) }
      left & 4 != 0
    end

    def off
      @bars.each(&:off)
      super
    end
  end

  class Device
    attr_reader :bus, :device, :function

    def initialize(bus, device, function)
      @bus = bus
      @device = device
      @function = function
    end

    def bdf
      PCI.bdf(@bus, @device, @function)
    end

    # Configuration space, past all hooks.
    def read(offset, width = 4)
      PCI.config_read(bdf, offset, width)
    end

    def write(offset, value, width = 4)
      PCI.config_write(bdf, offset, value, width)
    end

    def vendor_id
      read(0x00, 2)
    end

    def device_id
      read(0x02, 2)
    end

    # "8086:100e"
    def id
      "%04x:%04x" % [vendor_id, device_id]
    end

    # "00:03.0"
    def slot
      "%02x:%02x.%d" % [@bus, @device, @function]
    end

    # class << 16 | subclass << 8 | programming interface
    def class_code
      read(0x08) >> 8
    end

    def header_type
      read(0x0e, 1) & 0x7f
    end

    def bridge?
      header_type == 1
    end

    # The numbered base address register; nil if there is none or the firmware left it empty.
    def bar(number)
      return nil if number < 0 || number > (bridge? ? 1 : 5)
      Bar.find(self, number)
    end

    def bars
      list = []
      number = 0
      while number <= (bridge? ? 1 : 5)
        bar = bar(number)
        list << bar if bar
        number += bar && bar.wide? ? 2 : 1
      end
      list
    end

    # The guest finds nothing here: configuration reads give ones, writes vanish; and it is switched off:
    # it answers at no port and no address, and reaches no memory. Returns the Hook; when that is off, the
    # guest finds the device as one that was just plugged in.
    def hide
      hidden = Hiding.on(:pci_config_access, of: self, verdict: :deny)
      log.warning "#{slot}: is hidden, but stays a bus master" if hidden.switch_off(self)
      hidden
    end

    # The guest sees the device and its configuration space, but can switch on neither its ports nor its memory
    # nor its bus mastering, nor its virtual functions. C says so, whatever becomes of the script's engine. Returns
    # the Hook.
    def isolate
      isolated = Hiding.on(:pci_config_write, of: self, verdict: :isolate)
      raise AccessError, "isolate: #{slot} stays a bus master" if isolated.switch_off(self)
      isolated
    end

    # Hooks on this device's configuration space. They go with it where the guest gives the bus another
    # number.
    def on(*kinds, **filters, &block)
      kinds = [:pci_config_access] if kinds.empty?
      Hook.on(*kinds, of: self, **filters, &block)
    end

    # RV_FOLLOWS_OF() of rv/abi.h.
    def __follows
      0x80060000 | bdf
    end

    # True if every one of id:, slot:, vendor_id:, device_id:, class: that is given fits.
    def match?(**filters)
      filters.all? do |name, wanted|
        case name
        when :class then class?(wanted)
        when :id
          raise ArgumentError, "id: is \"VENDOR:DEVICE\" in hex, not #{wanted.inspect}" unless wanted.is_a?(String)
          id == wanted.downcase
        when :slot, :vendor_id, :device_id, :bus, :device, :function then __send__(name) == wanted
        else raise ArgumentError, "PCI devices are found by id:, class:, slot:, vendor_id:, device_id:, " +
                                  "bus:, device: or function:, not #{name}:"
        end
      end
    end

    # As the filter class: of `on`: 0x02, 0x0200 or 0x020000.
    def class?(code)
      mine = class_code
      return mine >> 16 == code if code <= 0xff
      return mine >> 8 == code if code <= 0xffff
      mine == code
    end

    def to_s
      "#{slot} #{id} class %06x" % class_code
    end

    def inspect
      "#<PCI::Device #{self}>"
    end
  end
end
