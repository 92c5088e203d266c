# What is written in the place of a disk, in the hypervisor's memory: requests are sent there by `redirect`.
#
#   cow = Overlay.new(Disk[:nvme0n1], size: 64 << 20)
#   on(:disk_write, :disk_discard, disk: :nvme0n1) { |r| r.redirect cow }
#   on(:disk_read, disk: :nvme0n1, lba: cow) { |r| r.redirect cow }
class Overlay
  SIZE = 16 << 20

  attr_reader :disk

  # Of at most so many bytes of memory: when they are used, what is written is refused.
  def initialize(disk, to: :memory, size: SIZE)
    raise ArgumentError, "Overlay.new takes a Disk or its name, not #{disk.inspect}" unless disk.is_a?(Disk) || disk.is_a?(Symbol)
    raise NotImplementedError, "an overlay is in memory (to: :memory): on a disk, none can be yet" unless to == :memory
    raise ArgumentError, "size: is a number of bytes, 1 MiB at least, not #{size.inspect}" unless size.is_a?(Integer) && size >= 1 << 20
    @disk = disk.is_a?(Symbol) ? Disk.__named(disk) : disk
    @limit = size
    @number = Overlay.__make(@disk.name, size)
  end

  # How many bytes of memory it takes; limit: at most.
  def size
    Overlay.__used(@number)
  end

  attr_reader :limit

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
    "#<Overlay #{@disk} #{size} of #{@limit} bytes>"
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
      when Overlay then __redirect_overlay(target.__number)
      when ::Disk
        __redirect_disk(target.name) unless target.name == disk.name
      else raise ArgumentError, "redirect takes a Disk or an Overlay, not #{target.inspect}"
      end
      self.lba = lba if lba
      self
    end
  end
end
