# A USB device that a controller with a mediator has, as it has described itself.
#
#   on(:usb_attach) { |d| d.deny "no keyboards" if d.interfaces.any? { |i| i.start_with?("03:01:") } }
#   Usb.each { |d| log "usb", **d.to_h }
class Usb
  extend Enumerable

  REFUSED = 1
  DIRECTIONS = { out: 0, in: 1 }
  TYPES = { control: 0, isochronous: 1, bulk: 2, interrupt: 3 }
  SPEEDS = { 1 => :full, 2 => :low, 3 => :high, 4 => :super, 5 => :super_plus }

  def self.each
    return to_enum(:each) unless block_given?
    position = 0
    while (info = __info(position))
      yield new(info)
      position += 1
    end
    self
  end

  # By its place, "1-2.3", or its id, "046d:c52b"; nil if there is none.
  def self.[](name)
    find { |device| device.path == name.to_s || device.id == name.to_s.downcase }
  end

  def self.__numbered(number)
    find { |device| device.number == number }
  end

  # As USBGuard spells a text in a rule.
  def self.__quote(text)
    escaped = text.bytes.map do |byte|
      next "\\#{byte.chr}" if byte == 0x22 || byte == 0x5c
      byte < 0x20 || byte >= 0x7f ? "\\x%02x" % byte : byte.chr
    end
    "\"#{escaped.join}\""
  end

  def initialize(info)
    @info = info
  end

  def number
    @info[0]
  end

  def vendor_id
    @info[1]
  end

  def product_id
    @info[2]
  end

  # "046d:c52b"
  def id
    "%04x:%04x" % [vendor_id, product_id]
  end

  # Of the device descriptor; 0: its interfaces have some.
  def class_code
    @info[3]
  end

  # :low, :full, :high, :super, :super_plus; a number: of a kind that has no name yet
  def speed
    SPEEDS[@info[4]] || @info[4]
  end

  # "1-2.3": the bus, the port of the root hub, and ports of hubs behind it
  def path
    @info[7]
  end

  # The hub that it is plugged into; nil: it is the root hub, which is no device, or one that is gone
  def parent
    last = path.rindex(".") || path.rindex("-")
    above = path[0, last]
    above.include?("-") ? Usb[above] : nil
  end

  def manufacturer
    @info[8]
  end

  # What USBGuard and Linux call its name.
  def product
    @info[9]
  end

  alias name product

  def serial
    @info[10]
  end

  # "08:06:50", of all configurations and alternate settings in their order
  def interfaces
    @info[11].map { |parts| "%02x:%02x:%02x" % parts }
  end

  # What it says of itself, as bytes: a device descriptor and all configurations; nil: it is gone.
  def descriptors
    Usb.__descriptors(number, @info[6])
  end

  # USBGuard's hash: of name, ids, serial number and descriptors. nil: it is gone.
  def fingerprint
    bytes = descriptors
    bytes && Usb.__digest(product + ("%04x" % vendor_id) + ("%04x" % product_id) + serial + bytes)
  end

  def refused?
    @info[5] & REFUSED != 0
  end

  # The rule that `usbguard generate-policy` writes for it, as far as we know what stands there: the hub's hash if it is on one,
  # where it is only if it has no serial number.
  def rule(target = refused? ? "block" : "allow")
    types = interfaces
    types = types.size == 1 ? types[0] : "{ #{types.join(" ")} }"
    text = "#{target} id #{id} serial #{Usb.__quote(serial)} name #{Usb.__quote(product)} hash \"#{fingerprint}\""
    hub = parent
    text += " parent-hash \"#{hub.fingerprint}\"" if hub
    text += " via-port \"#{path}\"" if serial.empty?
    "#{text} with-interface #{types}"
  end

  # For `ritectl usb list`: all rules; what is in no rule is a comment.
  def self.__list
    return "# no USB device is known: they are from the first hook of usb_attach, or policy, on" if none?
    map(&:rule).join("\n")
  end

  def to_h
    { id: id, path: path, product: product, serial: serial, interfaces: interfaces.join(" ") }
  end

  def to_s
    "#{path} #{id}"
  end

  def inspect
    "#<Usb #{path} #{id} #{product.inspect} #{interfaces.join(" ")}>"
  end
end

# direction: :in, type: :bulk, or Arrays of such.
{ direction: Usb::DIRECTIONS, type: Usb::TYPES }.each do |name, numbers|
  Hook.__filter(name) do |rest, value|
    number = lambda do |one|
      next one.map(&number) if one.is_a?(Array)
      next one unless one.is_a?(Symbol)
      numbers[one] or raise ArgumentError, "#{name}: none is called #{one.inspect}; there are #{numbers.keys.map(&:inspect).join(", ")}"
    end
    rest.merge(name => number.call(value))
  end
end

class Event
  # A device that wants to come in: all that a Usb says, and `deny`.
  class UsbAttach
    alias __device device unless method_defined?(:__device)

    # The Usb; nil: it is gone already
    def device
      Usb.__numbered(__device)
    end

    %i[manufacturer product name serial path interfaces descriptors fingerprint rule].each do |word|
      define_method(word) { (found = device) && found.__send__(word) }
    end

    # The guest's CPU stands meanwhile.
    %i[hold delay lose].each do |word|
      define_method(word) { |*| raise ArgumentError, "#{word}: a USB device does not wait: deny it, or let it in" }
    end

    def id
      "%04x:%04x" % [vendor_id, product_id]
    end

    def to_h
      (found = device) ? found.to_h : { id: id }
    end

    def to_s
      "usb_attach #{device || id}"
    end

    alias inspect to_s
  end

  # What both ends of a transfer have; their numbers are under names with two lines before.
  module UsbWords
    def self.included(event)
      %i[device direction type].each do |word|
        event.alias_method :"__#{word}", word unless event.method_defined?(:"__#{word}")
        event.remove_method(word)
      end
    end

    # The Usb; nil: it is gone already
    def device
      Usb.__numbered(__device)
    end

    def id
      "%04x:%04x" % [vendor_id, product_id]
    end

    # :in, :out
    def direction
      Usb::DIRECTIONS.key(__direction)
    end

    # :control, :bulk, :interrupt
    def type
      Usb::TYPES.key(__type)
    end

    def in?
      direction == :in
    end

    def out?
      !in?
    end

    def inspect
      to_s
    end
  end

  class UsbTransfer
    include UsbWords

    # Of a control transfer: the eight bytes that the device is asked by.
    def setup
      type == :control ? [request_type, request_code, value, index, length].pack("CCvvv") : nil
    end

    # usb_transfer 46f4:0001 bulk out 2 31 bytes
    def to_s
      return "#{kind} #{id} %02x %02x %04x %04x #{length}" % [request_type, request_code, value, index] if type == :control
      "#{kind} #{id} #{type} #{direction} #{endpoint} #{length} bytes"
    end
  end

  class UsbDone
    include UsbWords

    def failed?
      status != 0
    end

    def to_s
      "#{kind} #{id} #{type} #{direction} #{endpoint} #{length} bytes#{" status #{status}" if failed?}"
    end
  end

  class UsbDetach
    def id
      "%04x:%04x" % [vendor_id, product_id]
    end

    def to_s
      "usb_detach #{id}"
    end

    alias inspect to_s
  end
end
