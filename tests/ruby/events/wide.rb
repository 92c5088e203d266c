# Methods with more than 256 symbols, strings, floats and blocks: their instructions have operands of
# 16 bits, which another function executes than the rest (engine/vm/fetch.h).
class WideError < StandardError; end
WIDE_CONSTANT = :constant

class Integer
  def succ_of_itself
    self + 1
  end
end

FILL = (0...300).map { |i| "x = :symbol_#{i}; x = 'text #{i}'; x = #{i}.25" }.join("\n")
BLOCKS = (0...260).map { |i| "x = ->(n) { n + #{i} }" }.join("\n")

def define(name, body, parameters = "")
  Object.class_eval "def #{name}(#{parameters})\n#{FILL}\n#{body}\nend"
end

define :loops, "sum = 0; k = 0
  while k < 1000
    sum += k.succ_of_itself
    k += 1
  end
  sum"
define :rescues, "begin; raise WideError, 'wide'; rescue WideError => e; e.message; end"
define :fibers, "#{BLOCKS}
  fiber = Fiber.new { |n| m = Fiber.yield(n + 1); n + m }
  [fiber.resume(5), fiber.resume(6)]"
define :calls_blocks, "#{BLOCKS}\n[1, 2, 3].map { |n| next 0 if n == 2; n * 7 }"
define :breaks, "#{BLOCKS}\n[1, 2, 3].each { |n| break n * 10 if n == 2 }"
define :leaves, "#{BLOCKS}\n[1, 2].each { |n| return n + 299 }"
define :throws, "catch(:wide_tag) { 5.times { |i| throw :wide_tag, i if i == 3 } }"
define :ensures, "done = []
  begin
    [1].each { |n| done << n; raise 'out' }
  rescue RuntimeError
    done << 2
  ensure
    done << 3
  end
  done"
define :collects, "$wide_global = { wide_key: 'wide', 'other' => 2.75 }
  [$wide_global, \"a\#{x}z\", WIDE_CONSTANT]"
define :yields, "yield :wide_symbol"
define :fails, "299.no_such_method"
define :descends, "n > 0 ? descends(n - 3) : :bottom", "n"

p loops, rescues, fibers, calls_blocks, breaks, leaves, throws, ensures, collects
p yields { |symbol| break symbol }, [1, 2].map { |n| yields { n } }
p descends(300)
[1, 2].each do
  begin
    fails
  rescue NoMethodError => e
    p e.message
  end
end

on :port_read, 0x10 do |io|
  io.value = (yields { |symbol| symbol == :wide_symbol ? 7 : 8 })
end
