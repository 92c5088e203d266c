# A program without Ruby that stays (the boot option services=): a script writes records to it, and reads what it
# answers.
#
#   echo = Service[:echo]
#   echo.write "hello"
#   every(10.milliseconds) { echo.each_record { |bytes| log bytes } }
class Service
  extend Enumerable

  RUNS = 1

  def self.each
    return to_enum(:each) unless block_given?
    position = 0
    while (info = __info(position))
      yield new(position, info[0])
      position += 1
    end
    self
  end

  # By its name; nil if there is none.
  def self.[](name)
    find { |service| service.name == name.to_sym }
  end

  attr_reader :name

  def initialize(position, name)
    @position = position
    @name = name.to_sym
  end

  # A record. False: not now: it has not read yet what it has, or is dead.
  def write(bytes, tag: 0)
    Service.__write(@position, tag, bytes)
  end

  # The next record as [bytes, tag]; nil: there is none.
  def read
    Service.__read(@position)
  end

  # All that there are, and each as it comes: |bytes, tag|.
  def each_record
    while (record = read)
      yield record[0], record[1]
    end
    self
  end

  # Does it run? Else it died, and will be started again.
  def running?
    __known[1] & RUNS != 0
  end

  # How often it was started, and how often it had something to do.
  def starts
    __known[2]
  end

  def turns
    __known[3]
  end

  # How often it went on on another CPU than before.
  def moves
    __known[6]
  end

  # How often its slice was over amid its work, with which it went on later.
  def stops
    __known[7]
  end

  # What it took: of the TSC, and bytes of memory.
  def cycles
    __known[4]
  end

  def memory
    __known[5]
  end

  def to_s
    @name.to_s
  end

  def inspect
    "#<Service #{@name}>"
  end

  def __known
    Service.__info(@position)
  end
end
