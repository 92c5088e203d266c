# A disk of the machine, whatever it hangs on.
#
#   Disk[:ide0].on(:write, lba: 0) { |r| r.deny }
#   on(:disk_attach) { |disk| disk.read_only = true unless disk.serial == "SPARE" }
class Disk
  extend Enumerable

  # What does not change what is on a disk: of a read-only one, all else is refused.
  HARMLESS = %i[read flush verify compare identify log_page get_features smart_read power seek]

  attr_reader :name, :sectors, :sector_bytes, :model, :serial

  alias block_size sector_bytes

  @named = {}
  @era = 0
  @guards = {}

  def self.each
    return to_enum(:each) unless block_given?
    position = 0
    while (info = __info(position))
      yield new(*info)
      position += 1
    end
    self
  end

  # By its name, or its position; nil if there is none.
  def self.[](name)
    name.is_a?(Integer) ? to_a[name] : find { |disk| disk.name == name.to_sym }
  end

  # find(serial: "RV1", bus: :nvme) -> the first that has all of these (Strings, or what else they are === to), or nil;
  # with a block as Enumerable's.
  def self.find(serial: nil, model: nil, bus: nil, &block)
    return super(&block) if block
    wanted = { serial: serial, model: model, bus: bus }.compact
    raise ArgumentError, "find takes a block, serial:, model: or bus:" if wanted.empty?
    super() do |disk|
      next false if serial && disk.serial.empty? # that of a virtio disk, say, is not known yet: "" is not it
      wanted.all? { |property, value| value === disk.__send__(property) }
    end
  end

  # The disk of a request, known to us or not yet. What was known in another era, before disks came or went, counts no more.
  def self.__named(name, era = @era)
    @named.clear if era != @era
    @era = era
    found = @named[name] || self[name]
    @named[name] = found if found
    found || new(name, 0, 512, "", "")
  end

  def initialize(name, sectors, sector_bytes, model, serial, encrypted = false)
    @name = name
    @sectors = sectors
    @sector_bytes = sector_bytes
    @model = model
    @serial = serial
    @encrypted = encrypted
  end

  # Is it, or a part of it, encrypted below the guest? As far as is known now: a disk that has not told its serial number
  # is none.
  def encrypted?
    @encrypted ||= self.class.any? { |disk| disk.name == @name && disk.instance_variable_get(:@encrypted) }
  end

  # on(:write, lba: 0..2047) { |request| ... }
  def on(*verbs, **filters, &block)
    Hook.on(*verbs.map { |verb| :"disk_#{verb}" }, disk: @name, **filters, &block)
  end

  def bytes
    @sectors * @sector_bytes
  end

  alias size bytes

  # A script's own: read(lba, sectors) -> String; write(lba, bytes), of whole sectors; flush. The guest stands meanwhile.
  def read(lba, sectors = 1)
    Disk.__read(@name, lba, sectors * __known.sector_bytes)
  end

  def write(lba, bytes)
    raise AccessError, "Disk#write #{self} lba=#{lba}: it is read-only" if read_only?
    Disk.__write(@name, lba, bytes)
    self
  end

  def flush
    Disk.__flush(@name)
    self
  end

  # What it hangs on: :ide, :nvme, :sata, :virtio, :usb.
  def bus
    @name.to_s[/\A[a-z]+/].to_sym
  end

  def controller
    Controller.new(@name)
  end

  # Nothing on it changes from now on: writes, discards, and all commands that are not known to be harmless are refused.
  def read_only=(wanted)
    Disk.__guard(@name, wanted)
  end

  def read_only?
    Disk.__guards.key?(@name)
  end

  # A disk that was asked for before the guest had found it is known by now, or not.
  def __known
    @sectors == 0 ? Disk.__named(@name) : self
  end

  # A disk is its name, so that `r.disk == :ide0` is as good as `r.disk == Disk[:ide0]`.
  def ==(other)
    other.is_a?(Disk) ? other.name == @name : other.to_s == @name.to_s
  end

  alias eql? ==

  def hash
    @name.hash
  end

  # What it is in keys of metrics.
  def __word
    @word ||= Disk.__word(@name)
  end

  def to_sym
    @name
  end

  def to_s
    @name.to_s
  end

  def inspect
    "#<Disk #{@name} #{@model.inspect} #{@sectors} sectors>"
  end

  # What several disks can hang on.
  class Controller
    attr_reader :name

    # The name of a disk without what is behind its first number, if the bus has such: :nvme0 of :nvme0n1.
    def initialize(disk)
      text = disk.to_s
      @disk = disk
      @name = text.start_with?("nvme") ? text[/\Anvme\d+/].to_sym : disk
    end

    # It says that it has failed (of NVMe CSTS.CFS), and does nothing more, until the guest resets it.
    def fail
      Disk.__fail(@disk, -1) or raise NotImplementedError, "#{@name}: only NVMe controllers can say that they have failed"
      self
    end

    # What an NVMe controller tells of by itself, and the log page that has more (NVM Express 2.0c, 5.2.1).
    EVENTS = { error: [0, 1], health: [1, 2], notice: [2, 4], io: [6, 0], vendor: [7, 0] }

    # event(:notice, 0): it tells the guest (an asynchronous event); true, or false: the guest waits for none now.
    def event(type, information = 0, page: nil)
      number, usual = EVENTS.fetch(type) { raise ArgumentError, "event takes #{EVENTS.keys.map(&:inspect).join(", ")}, not #{type.inspect}" }
      page ||= usual
      unless [information, page].all? { |byte| byte.is_a?(Integer) && byte >= 0 && byte <= 255 }
        raise ArgumentError, "event takes a byte of information, and a log page's number as page:"
      end
      told = Disk.__fail(@disk, number | information << 8 | page << 16)
      raise NotImplementedError, "#{@name}: only NVMe controllers tell of events" if told.nil?
      told
    end

    def disks
      Disk.select { |disk| disk.controller == self }
    end

    def ==(other)
      other.is_a?(Controller) && other.name == @name
    end

    def to_s
      @name.to_s
    end

    def inspect
      "#<Disk::Controller #{@name}>"
    end
  end

  # Read-only disks, and those that come later ------------------------------------------------------------

  def self.__guards
    @guards
  end

  def self.__guard(name, wanted)
    guard = @guards[name]
    if !wanted
      guard.off if guard
      @guards.delete(name)
    elsif !guard
      __watch_identify
      @guards[name] = Hook.on(:disk_write, :disk_discard, :disk_command, disk: name, on_error: :deny,
                              except: { command: HARMLESS }) { |r| r.deny :write_protected }
    end
  end

  # on(:disk_attach) { |disk| }: for each that there is, and each that the guest finds later.
  def self.__attach(block)
    raise ArgumentError, "a hook needs a block: on(:disk_attach) { |disk| ... }" unless block
    __watch_plug
    @attach << block
    each { |disk| block.call(disk) }
    __watch_identify
  end

  # on(:disk_detach) { |disk| }: for each that goes. Nobody says so: it is looked for.
  def self.__detach(block)
    raise ArgumentError, "a hook needs a block: on(:disk_detach) { |disk| ... }" unless block
    __watch_plug
    @look ||= every(LOOK) { __info(0) }
    @detach << block
  end

  LOOK = 1.seconds

  def self.__watch_plug
    return if @attach
    @attach = []
    @detach = []
    @attached = {}
    each { |disk| @attached[disk.name] = disk }
    Hook.new([:disk_attach], nil, {}) { __look_for_more }
    Hook.new([:disk_detach], nil, {}) { |event| __lost(event.disk) }
  end

  def self.__lost(name)
    disk = @attached.delete(name)
    @named.delete(name)
    @detach.each { |block| block.call(disk) } if disk
  end

  def self.__watch_identify
    @identify ||= Hook.on(:disk_done, command: %i[identify get_features], status: 0) do |done|
      __look_for_more
      __protect(done)
    end
  end

  def self.__look_for_more
    return unless @attach
    more = reject { |disk| @attached[disk.name] }
    more.each { |disk| @attached[disk.name] = disk }
    more.each { |disk| @attach.each { |block| block.call(disk) } }
  end

  # Where a namespace's "write protected" stands (NVM command set 1.0c 4.1.5.1, NSATTR; NVM Express 2.0c 5.17.2.8).
  PROTECTED = { 0 => 99, 8 => 8 }
  # And of a stick, in what it answers to MODE SENSE (6) and (10) (SBC-3 6.4.1, WP).
  STICK_PROTECTED = { 0x1a => 2, 0x5a => 3 }

  def self.__protect(done)
    is_stick = done.disk.bus == :usb
    at = is_stick ? STICK_PROTECTED[done.opcode] : done.opcode == 0x106 && PROTECTED[done.argument & 0xff]
    return unless at && done.disk.read_only? && done.data.size > at
    done.data.set_u8(at, done.data.u8(at) | (is_stick ? 0x80 : 1))
  end
end

Hook.__word(:disk_attach) { |_, _, block| Disk.__attach(block) }
Hook.__word(:disk_detach) { |_, _, block| Disk.__detach(block) }
