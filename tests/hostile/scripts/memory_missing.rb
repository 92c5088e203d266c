# Missing methods with as many arguments as a call holds, one less and one more.
# group: memory
# guest: deny
# state: alive killed
class Odd
  def method_missing(name, *a, **k, &b) = [name, a.size, k.size, b && b.call]
end
CALLS = (12..17).flat_map do |n|
  list = (1..n).to_a.join(", ")
  ["Odd.new.gone(#{list})", "Odd.new.gone(#{list}, x: 1, y: 2) { 3 }", "Odd.new.gone(*[#{list}], **{ x: 1 }) { GC.start }",
   "Odd.new.__send__(:gone, #{list}, &:size)"]
end
on(:port_read, PORT, on_error: :deny, budget: 50.milliseconds) do |io|
  CALLS.each { |call| begin; eval call; rescue StandardError; end }
  raise "done"
end
