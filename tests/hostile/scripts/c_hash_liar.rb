# Keys whose hash and eql? lie, loop, raise, and change the Hash they are in.
# group: c
# guest: deny
# state: alive killed
class Key
  def initialize(way, table)
    @way, @table = way, table
  end

  def hash
    case @way
    when 0 then 1
    when 1 then rand(1 << 60)
    when 2 then "no number"
    when 3 then 1 << 200
    when 4 then raise "no hash"
    else 7
    end
  end

  def eql?(other)
    @table.clear if @way == 5
    1000.times { |i| @table[i] = i } if @way == 6
    @table.rehash if @way == 7
    @table.delete(self) if @way == 8
    rand(2) == 0
  end
  alias == eql?
end
n = -1
on(:port_read, PORT, on_error: :deny) do |io|
  table = {}
  n = (n + 1) % 9
  begin
    300.times { |i| table[Key.new(n, table)] = i }
    table.each { |key, value| table.delete(key); table[Key.new(n, table)] = value }
  rescue StandardError
  end
  raise "done"
end
