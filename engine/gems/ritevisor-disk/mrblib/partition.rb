class Disk
  # A partition: number as Linux counts, range (of sectors), type (MBR's number, or GPT's GUID), name (GPT's).
  class Partition
    attr_reader :disk, :number, :range, :type, :name

    def initialize(disk, number, range, type, name = "")
      @disk = disk
      @number = number
      @range = range
      @type = type
      @name = name
    end

    def sectors
      @range.size
    end

    # partition.on(:write) { |request| ... }: requests that begin in it.
    def on(*verbs, **filters, &block)
      @disk.on(*verbs, lba: @range, **filters, &block)
    end

    def to_s
      "#{@disk} partition #{@number}"
    end

    def inspect
      "#<Disk::Partition #{@disk} #{@number} #{@range} #{@type.is_a?(Integer) ? "0x#{@type.to_s(16)}" : @type}>"
    end
  end

  # What its partition table says now: GPT (UEFI 2.10, 5.3) or MBR; [] if it has none.
  def partitions
    PartitionTable.new(__known).read
  end

  # By its number; nil if there is none.
  def partition(number)
    partitions.find { |partition| partition.number == number }
  end

  # Reads a disk's table, by which nothing is believed: each partition lies within the disk, and lists end.
  class PartitionTable
    EXTENDED = [0x05, 0x0f, 0x85]
    PROTECTIVE = 0xee
    LOGICAL_MAXIMUM = 128
    ENTRIES_MAXIMUM = 512

    def initialize(disk)
      @disk = disk
      @found = []
    end

    def read
      sector = @disk.read(0)
      return [] unless signed?(sector)
      primary = entries(sector)
      return read_gpt if primary.any? { |type, _, _| type == PROTECTIVE }
      primary.each_with_index { |(type, first, count), index| add(index + 1, first, count, type) }
      primary.each { |type, first, _| read_logical(first) if EXTENDED.include?(type) }
      @found
    end

    private

    # A number of so many bytes, the lowest first.
    def number(text, at, bytes)
      (0...bytes).sum { |index| text.getbyte(at + index) << 8 * index }
    end

    def signed?(sector)
      sector.getbyte(510) == 0x55 && sector.getbyte(511) == 0xaa
    end

    # The four of a boot record: [[type, first sector, sectors], ...]
    def entries(sector)
      (0...4).map { |index| at = 446 + 16 * index; [sector.getbyte(at + 4), number(sector, at + 8, 4), number(sector, at + 12, 4)] }
    end

    def add(number, first, count, type, name = "")
      return if type == 0 || count <= 0 || first == 0 || first + count > @disk.sectors
      @found << Partition.new(@disk, number, first..first + count - 1, type, name)
    end

    # A chain of boot records, each with a partition and where the next is: both count from where it begins.
    def read_logical(start)
      at, seen = 0, {}
      5.upto(4 + LOGICAL_MAXIMUM) do |number|
        break if seen[at] || start + at >= @disk.sectors
        seen[at] = true
        sector = @disk.read(start + at)
        break unless signed?(sector)
        (type, first, count), (_, following) = entries(sector)
        add(number, start + at + first, count, type)
        break if following == 0
        at = following
      end
    end

    # The first header that is one: the second is in the last sector.
    def read_gpt
      [1, @disk.sectors - 1].each do |lba|
        header = @disk.read(lba)
        return read_entries(header) if header?(header, lba)
      end
      []
    end

    def header?(header, lba)
      bytes = number(header, 12, 4)
      header[0, 8] == "EFI PART" && bytes >= 92 && bytes <= header.bytesize && number(header, 24, 8) == lba &&
        crc32(header[0, 16] + "\0\0\0\0" + header[20, bytes - 20]) == number(header, 16, 4)
    end

    def read_entries(header)
      at, count, bytes = number(header, 72, 8), number(header, 80, 4), number(header, 84, 4)
      return [] unless bytes >= 128 && bytes <= 4096 && bytes % 8 == 0 && count <= ENTRIES_MAXIMUM
      sectors = (count * bytes + @disk.sector_bytes - 1) / @disk.sector_bytes
      table = sectors > 0 ? @disk.read(at, sectors) : ""
      count.times { |index| add_entry(index + 1, table[index * bytes, bytes]) }
      @found
    end

    def add_entry(index, entry)
      first, last = number(entry, 32, 8), number(entry, 40, 8)
      guid = [[0, 4], [4, 2], [6, 2]].map { |at, bytes| "%0#{2 * bytes}x" % number(entry, at, bytes) }
      guid += [[8, 2], [10, 6]].map { |at, bytes| (0...bytes).map { |byte| "%02x" % entry.getbyte(at + byte) }.join }
      return if guid.join("-").delete("0-").empty?
      name = (0...36).map { |place| number(entry, 56 + 2 * place, 2) }.take_while { |code| code != 0 }
      add(index, first, last - first + 1, guid.join("-"), name.map { |code| code < 128 ? code.chr : "?" }.join)
    end

    def crc32(text)
      crc = 0xffffffff
      text.each_byte do |byte|
        crc ^= byte
        8.times { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb88320 : 0) }
      end
      crc ^ 0xffffffff
    end
  end
end

# partition: of a disk that is named: requests that begin in it.
Hook.__filter(:partition) do |filters, number|
  disk = filters[:disk] && Disk[filters[:disk].to_sym]
  raise ArgumentError, "partition: needs disk: too, of one disk that is known" unless disk
  raise ArgumentError, "partition: and lba: are both about where" if filters[:lba]
  partition = disk.partition(number) or raise ArgumentError, "#{disk} has no partition #{number.inspect}"
  filters.merge(lba: partition.range)
end
