# A network card of the machine, whatever driver it has.
#
#   nic = Nic[0]
#   nic.default = :drop
#   nic.allow :tx, protocol: :tcp, dport: [22, 443], track: true
#   nic.on(:unmatched) { |p| log "blocked", **p.to_h }
class Nic
  extend Enumerable

  MEDIATED = 1
  ATTACHED = 2
  LINK = 4

  @numbered = {}

  def self.each
    return to_enum(:each) unless block_given?
    position = 0
    while (info = __info(position))
      yield __numbered(info[0])
      position += 1
    end
    self
  end

  # By its position, "nic0", or its MAC address; nil if there is none.
  def self.[](name)
    return to_a[name] if name.is_a?(Integer)
    find { |nic| nic.name == name.to_sym || nic.mac == name.to_s.downcase }
  end

  # The same object each time: it has the card's rules.
  def self.__numbered(number)
    @numbered[number] ||= new(number)
  end

  attr_reader :number, :name

  def initialize(number)
    @number = number
    @name = :"nic#{number}"
    @default = :pass
    @unmatched = []
  end

  # "52:54:00:12:34:56"; nil: not known yet
  def mac
    __known[3]
  end

  # :up, or :down
  def link
    __known[2] & LINK != 0 ? :up : :down
  end

  # Whose mediator has it, :virtio; nil: none has, and its packets pass unseen.
  def driver
    __known[4]
  end

  # Has the guest's driver set it up?
  def attached?
    __known[2] & ATTACHED != 0
  end

  # "8086:100e"
  def id
    "%04x:%04x" % [__known[5], __known[6]]
  end

  # "00:03.0"
  def slot
    function = __known[1]
    "%02x:%02x.%d" % [function >> 8, function >> 3 & 31, function & 7]
  end

  # on(:tx, dport: 25) { |p| }, :rx, :packet for both, :unmatched: what no rule decides
  def on(*verbs, **filters, &block)
    return __on_unmatched(filters, block) if verbs == [:unmatched]
    Hook.on(*verbs.map { |verb| :"net_#{verb}" }, nic: @number, **filters, &block)
  end

  # Sends a frame: Ethernet from the destination on, without CRC, as a String or a view; with vpn= into the tunnel. No hook
  # sees it; where one of another script's would, it is an AccessError; NicBusy: too many are queued.
  def transmit(frame)
    Nic.__transfer(@number, false, frame.to_s)
    self
  end

  # Has the guest receive one, likewise.
  def deliver(frame)
    Nic.__transfer(@number, true, frame.to_s)
    self
  end

  def ==(other)
    other.is_a?(Nic) ? other.number == @number : other == @number || other == @name
  end

  alias eql? ==

  def hash
    @number.hash
  end

  # What it is in keys of metrics.
  def __word
    Nic.__word(@number)
  end

  def to_s
    @name.to_s
  end

  def inspect
    "#<Nic #{@name} #{mac} #{driver.inspect} #{link}>"
  end

  # Rules: the first that fits decides ---------------------------------------------------------------------

  # What becomes of packets that no rule fits: :pass or :drop.
  attr_reader :default

  def default=(verdict)
    raise ArgumentError, "default= takes :pass or :drop, not #{verdict.inspect}" unless %i[pass drop].include?(verdict)
    __rules
    @default = verdict
  end

  # allow(:tx, protocol: :tcp, dport: 443, track: true): packets both ways, or one: they pass, and with track: what
  # belongs to the same connection, whoever sends it.
  def allow(*directions, track: false, **filters)
    rule = Nic.__rule(directions, filters) # before there is a hook: what is wrong changes nothing
    __rules.__add(rule, true, track ? true : false)
    self
  end

  def deny(*directions, **filters)
    raise ArgumentError, "track: goes with allow" if filters.key?(:track)
    rule = Nic.__rule(directions, filters)
    __rules.__add(rule, false, false)
    self
  end

  # Packets that each rule has decided, in their order, and those of connections.
  def counts
    __rules.counts
  end

  # How many connections are tracked now; there is room for 4,096.
  def connections
    __rules.connections
  end

  def displaced
    __rules.displaced
  end

  # Fragments that no rule is asked about: by which ports would be hidden, or written over.
  def refused
    __rules.refused
  end

  def __known
    Nic.__info(@number) || [@number, 0, 0, nil, nil, 0, 0]
  end

  def __rules
    return @rules if @rules
    @rules = Rules.new
    @hook = Hook.on(:net_packet, nic: @number, on_error: :deny) { |p| __judge(p) }
    @rules
  end

  def __judge(packet)
    case @rules.__judge(packet)
    when 1 then packet.drop
    when 2
      packet.drop if @default == :drop
      @unmatched.each { |block| block.call(packet) }
    end
  end

  def __on_unmatched(filters, block)
    raise ArgumentError, "on(:unmatched) takes no filters" unless filters.empty?
    raise ArgumentError, "a hook needs a block: on(:unmatched) { |p| ... }" unless block
    __rules
    @unmatched << block
    @hook
  end
end

Hook.__filter(:nic) { |filters, nic| filters.merge(nic: nic.is_a?(Nic) ? nic.number : nic) }
