# What an interpreter is measured with, on the machine and on the host alike. Prints a line
# `workload: NAME TICKS RESULT` each: on the machine TICKS are instructions (QEMU -icount), on the
# host a profiler counts between the reads of Machine.tsc. RESULT must be the same on both.

# The smallest loop: what one turn of the interpreter costs.
def while_loop
  i = 0
  i += 1 while i < 20_000
  i
end

def fib(n)
  n < 2 ? n : fib(n - 1) + fib(n - 2)
end

# Calls, primes by trial division, and bits as a driver's registers need them.
def integer
  sum = fib(15)
  n = 3
  while n < 900
    d = 3
    d += 2 while d * d <= n && n % d != 0
    sum += n if d * d > n
    n += 2
  end
  state = 0x1234_5678
  2000.times do
    state ^= (state << 13) & 0xffff_ffff
    state ^= state >> 17
    state ^= (state << 5) & 0xffff_ffff
  end
  sum + state
end

# Counting by key: integers, strings and symbols.
def hash
  counts = Hash.new(0)
  3000.times { |i| counts[i * 7919 % 701] += 1 }
  3000.times { |i| counts["port#{i % 97}"] += i }
  1000.times { |i| counts[i & 1 == 1 ? :read : :write] += 1 }
  sum = 0
  counts.each { |key, value| sum += value if key.is_a?(Integer) && key & 1 == 0 }
  counts.delete_if { |_, value| value & 1 == 1 }
  [sum, counts.size, counts["port5"], counts[:read]].join("/")
end

# Formatting, cutting and searching, as a script does to log.
def string
  lines = []
  400.times { |i| lines << "%04x:%02x %s" % [i * 37, i & 0xff, "status".upcase] }
  text = lines.join("\n")
  words = text.split("\n").map { |line| line.split(" ") }
  found = words.count { |pair| pair[0].start_with?("00") || pair[1].include?("TAT") }
  bytes = 0
  text.each_byte { |byte| bytes = (bytes * 31 + byte) & 0xffff_ffff }
  [text.size, found, bytes, text.sub("STATUS", "x").index("x"), text.reverse[0, 6]].join("/")
end

# Sorting by the C-level comparison, by a block and by a key.
def sort
  state = 42
  numbers = Array.new(200) { state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff }
  one = numbers.sort
  two = numbers.sort { |a, b| b <=> a }
  three = numbers.sort_by { |n| n & 0xffff }
  four = numbers.map { |n| n.to_s }.sort
  [one[0], one == two.reverse, three[7], four[3], numbers.min, numbers.max].join("/")
end

class Body
  attr_accessor :x, :y, :z, :vx, :vy, :vz, :mass

  def initialize(x, y, z, vx, vy, vz, mass)
    @x, @y, @z, @vx, @vy, @vz, @mass = x, y, z, vx, vy, vz, mass
  end
end

# Newton's gravity between five bodies.
def nbody
  bodies = [
    Body.new(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47841760435743),
    Body.new(4.84143144246472, -1.1603200440274284, -0.10362204447112311, 0.606326392995832,
             2.81198684491626, -0.02521836165988763, 0.03769367487038949),
    Body.new(8.34336671824458, 4.124798564124305, -0.4035234171143214, -1.0107743461787924,
             1.8256623712304119, 0.008415761376584154, 0.011286326131968767),
    Body.new(12.894369562139131, -15.111151401698631, -0.22330757889265573, 1.0827910064415354,
             0.8687130181696082, -0.010832637401363636, 0.0017237240570597112),
    Body.new(15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.979090732243898,
             0.5946989986476762, -0.034755955550407, 0.0020336868699246304),
  ]
  40.times { nbody_step(bodies, 0.01) }
  bodies.map { |body| "%.15g" % body.x }.join("/")
end

def nbody_step(bodies, dt)
  i = 0
  while i < bodies.size
    one = bodies[i]
    j = i + 1
    while j < bodies.size
      two = bodies[j]
      dx = one.x - two.x
      dy = one.y - two.y
      dz = one.z - two.z
      distance = dx * dx + dy * dy + dz * dz
      magnitude = dt / (distance * Math.sqrt(distance))
      one.vx -= dx * two.mass * magnitude
      one.vy -= dy * two.mass * magnitude
      one.vz -= dz * two.mass * magnitude
      two.vx += dx * one.mass * magnitude
      two.vy += dy * one.mass * magnitude
      two.vz += dz * one.mass * magnitude
      j += 1
    end
    i += 1
  end
  bodies.each do |body|
    body.x += dt * body.vx
    body.y += dt * body.vy
    body.z += dt * body.vz
  end
end

# Iterations of z * z + c until they run away, over a small picture.
def mandelbrot
  total = 0
  y = 0
  while y < 20
    ci = y / 10.0 - 1.0
    x = 0
    while x < 30
      cr = x / 15.0 - 1.5
      zr = zi = 0.0
      n = 0
      while n < 50
        t = zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = t
        break if zr * zr + zi * zi > 4.0
        n += 1
      end
      total += n
      x += 1
    end
    y += 1
  end
  total
end

[:while_loop, :integer, :hash, :string, :sort, :nbody, :mandelbrot].each do |name|
  GC.start
  start = Machine.tsc
  result = __send__(name)
  ticks = Machine.tsc - start
  log "workload: #{name} #{ticks} #{result}"
end
