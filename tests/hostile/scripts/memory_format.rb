# Arguments of sprintf that change its format, its other arguments, and the heap.
# group: memory
# guest: deny
# state: alive killed
class Changer
  def initialize(*strings) = @strings = strings
  def to_s
    @strings.each { |s| s.replace("%d%s" * 4000) }
    GC.start
    @strings.each(&:clear)
    "changed"
  end
  alias inspect to_s
end
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  ["%s %s %x %p %s", "%p %s %08.3f %s %s", "%-300s|%s|%d|%s|%s"].each do |text|
    format, other = text * 1, "other" * 100
    changer = Changer.new(format, other)
    begin; sprintf(format, changer, other, 1 << 63, changer, other); rescue StandardError; end
    begin; format % [changer, other, 1.5, changer, other]; rescue StandardError; end
  end
  raise "done"
end
