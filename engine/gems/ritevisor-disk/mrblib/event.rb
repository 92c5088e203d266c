# Requests of disks, and their ends.
class Event
  module OfDisk
    # :read, :write (discards too), or :none of what moves no data.
    def direction
      case command
      when :read then :read
      when :write, :write_zeroes, :discard then :write
      else :none
      end
    end

    def to_s
      "#{kind} #{disk} lba=#{lba} sectors=#{sectors}"
    end

    # The guest hears twice that it is done: a fault of NVMe controllers.
    def duplicate
      raise NotImplementedError, "#{disk}: only an NVMe controller can complete a command twice" unless disk.bus == :nvme
      kind == :disk_done ? __duplicate : done { |r| r.duplicate }
      self
    end
  end

  class Disk
    include OfDisk

    alias __disk disk unless method_defined?(:__disk)

    # A ::Disk; to_h has its name.
    def disk
      ::Disk.__named(__disk, __era)
    end

    # The ranges that a discard is about: [[lba, sectors], ...]
    def ranges
      return [[lba, sectors]] if kind != :disk_discard || __size == 0 || __disk.to_s.start_with?("virtio", "usb")
      __ranges(__disk.to_s.start_with?("nvme"))
    end

    # Does it touch a sector of that Range?
    def touches?(range)
      ranges.any? { |first, count| count > 0 && first <= range.max && first + count > range.min }
    end
  end

  # A disk that is known, or is not any more.
  class DiskAttach
    def to_s
      "disk_attach #{disk}"
    end

    alias inspect to_s
  end

  class DiskDetach
    def to_s
      "disk_detach #{disk}"
    end

    alias inspect to_s
  end

  class DiskDone
    include OfDisk

    alias __disk disk unless method_defined?(:__disk)

    def disk
      ::Disk.__named(__disk, __era)
    end

    def write?
      direction == :write
    end

    def read?
      direction == :read
    end

    def to_s
      "#{kind} #{disk} lba=#{lba} sectors=#{sectors} status=0x#{status.to_s(16)}"
    end
  end
end
