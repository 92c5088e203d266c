# What is written in the place of a disk, in the hypervisor's memory or on another disk: requests are sent there by
# `redirect`.
#
#   cow = Overlay.new(Disk[:nvme0n1], size: 64 << 20)
#   on(:disk_write, :disk_discard, disk: :nvme0n1) { |r| r.redirect cow }
#   on(:disk_read, disk: :nvme0n1, lba: cow) { |r| r.redirect cow }
#
#   cow = Overlay.new(:nvme0n1, to: :sata0, range: 2048..1050623) # and :disk_flush is sent there too
class Overlay
  SIZE = 16 << 20
  WAIT = 20.seconds # that requests wait for the other disk
  LOOK = 20.milliseconds

  attr_reader :disk, :to

  # In memory of at most `size:` bytes; or on a disk, in a range of its sectors, which nobody else writes. When all is used,
  # what is written is refused. format: an empty one, whatever is there.
  def initialize(disk, to: :memory, size: nil, range: nil, format: false)
    @disk = Overlay.__disk(disk)
    if to == :memory
      raise ArgumentError, "range: and format: go with a disk (to:)" if range || format
      @to = to
      @number = Overlay.__make(@disk.name, Overlay.__bytes(size))
    else
      raise ArgumentError, "size: goes with memory: on a disk it is its range: that counts" if size
      @to = Overlay.__disk(to)
      make_on_disk(range, format)
    end
  end

  def self.__disk(disk)
    return disk if disk.is_a?(Disk)
    raise ArgumentError, "Overlay.new takes a Disk or its name, not #{disk.inspect}" unless disk.is_a?(Symbol)
    Disk.__named(disk)
  end

  def self.__bytes(size)
    return SIZE if size.nil?
    return size if size.is_a?(Integer) && size >= 1 << 20
    raise ArgumentError, "size: is a number of bytes, 1 MiB at least, not #{size.inspect}"
  end

  def make_on_disk(range, format)
    unless range.nil? || (range.is_a?(Range) && range.first.is_a?(Integer) && range.first >= 0 && range.size > 0)
      raise ArgumentError, "range: is one of sectors, such as 2048..1050623, not #{range.inspect}"
    end
    @range = range
    @waiting = []
    @number = Overlay.__make_on(@disk.name, @to.name, range ? range.first : 0, range ? range.size : 0, format)
    guard
    ready?
  end

  # C refuses what would write there, whatever hooks say; hooks have such requests come to it, and refuse what else could.
  def guard
    range = @range
    Hook.on(:disk_write, :disk_discard, disk: @to.name, on_error: :deny) { |r| r.deny(:write_protected) if range.nil? || r.touches?(range) }
    Hook.on(:disk_command, disk: @to.name, except: { command: Disk::HARMLESS }, on_error: :deny) { |r| r.deny }
  end

  private :make_on_disk, :guard

  # Can it take requests? One on a disk can when the guest's driver has both disks, or before it on IDE and SATA.
  def ready?
    Overlay.__open(@number)
  end

  # May it be, in a while? What cannot be done C refuses: no error of a hook's is to lead to the disk itself.
  def __waits?
    @to != :memory && !ready?
  rescue AccessError
    false
  end

  # Until it is, requests that are sent there wait.
  def __wait(request)
    @waiting << request.hold(limit: WAIT)
    look_later if @waiting.size == 1
  end

  def look_later
    after(LOOK) do
      if __waits?
        look_later
      else
        waiting = @waiting
        @waiting = []
        waiting.each { |held| held.pass }
      end
    end
  end

  private :look_later

  # How many bytes of memory, or of the other disk, it takes; limit: at most.
  def size
    Overlay.__used(@number, false)
  end

  def limit
    Overlay.__used(@number, true)
  end

  # The ranges of sectors that it holds, the lowest first, each of 1 MiB at most.
  def each_range
    return to_enum(:each_range) unless block_given?
    lba = 0
    while (found = Overlay.__next(@number, lba))
      first, count = found
      yield first..first + count - 1
      lba = first + count
    end
    self
  end

  # What it holds of these sectors; zeros where it holds nothing.
  def read(lba, sectors = 1)
    Overlay.__read(@number, lba * @disk.__known.sector_bytes, sectors * @disk.__known.sector_bytes)
  end

  # Writes all that it holds to the disk. It keeps that, and goes on to take what is written. -> how many sectors
  def commit
    count = each_range.sum do |range|
      @disk.write(range.first, read(range.first, range.size))
      range.size
    end
    @disk.flush
    count
  end

  def __number
    @number
  end

  def to_s
    "overlay of #{@disk}"
  end

  def inspect
    "#<Overlay #{@disk} #{size} of #{limit} bytes>"
  end
end

# lba: of an overlay: all requests, since it holds what it holds when a request comes: those that it holds nothing of go
# on to the disk.
Hook.__filter(:lba) { |filters, where| where.is_a?(Overlay) ? filters : filters.merge(lba: where) }

class Event
  class Request
    # To an overlay, or another disk, or elsewhere on the same.
    def redirect(target, lba: nil)
      raise ArgumentError, "redirect: lba: goes with a disk" if lba && target.is_a?(Overlay)
      case target
      when Overlay
        __redirect_overlay(target.__number)
        target.__wait(self) if target.__waits?
      when ::Disk
        __redirect_disk(target.name) unless target.name == disk.name
      else raise ArgumentError, "redirect takes a Disk or an Overlay, not #{target.inspect}"
      end
      self.lba = lba if lba
      self
    end
  end
end
