# A disk of the machine, whatever it hangs on.
#
#   Disk[:ide0].on(:write, lba: 0) { |r| r.deny }
class Disk
  extend Enumerable

  attr_reader :name, :sectors, :sector_bytes, :model, :serial

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

  def initialize(name, sectors, sector_bytes, model, serial)
    @name = name
    @sectors = sectors
    @sector_bytes = sector_bytes
    @model = model
    @serial = serial
  end

  # on(:write, lba: 0..2047) { |request| ... }
  def on(*verbs, **filters, &block)
    Hook.on(*verbs.map { |verb| :"disk_#{verb}" }, disk: @name, **filters, &block)
  end

  def bytes
    @sectors * @sector_bytes
  end

  def to_s
    @name.to_s
  end

  def inspect
    "#<Disk #{@name} #{@model.inspect} #{@sectors} sectors>"
  end
end
