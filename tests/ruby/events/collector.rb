# Arrays and hashes that are marked in slices, and change meanwhile: nothing in them may be freed.
# What each should hold is kept as numbers, which the collector does not see.
GC.step_ratio = 5
SIZE = 1_200
R = Random.new(19)
def word(n) "the word of #{n}, too long to be embedded in its object" end
def fresh() @fresh = (@fresh || 0) + 1 end
def garbage() 40.times { |i| "garbage #{i}, too long to be embedded in its object" } end

NUMBERS = Array.new(SIZE) { fresh }
WORDS = NUMBERS.map { |n| word(n) }
KEYS = {}
TABLE = {}
SIZE.times { n = fresh; KEYS[n] = n; TABLE[word(n)] = [word(n)] }

# Two arrays again, without those changes that have all of an array marked anew.
LINE_NUMBERS = NUMBERS.dup
LINE_WORDS = LINE_NUMBERS.map { |n| word(n) }

def both() yield NUMBERS, false; yield WORDS, true end
def line() yield LINE_NUMBERS, false; yield LINE_WORDS, true end
def put(n, text) text ? word(n) : n end
STEPS = [
  -> { i = R.rand(NUMBERS.size); n = fresh; both { |a, t| a[i] = put(n, t) } },
  -> { n = fresh; both { |a, t| a.push(put(n, t)) } },
  -> { n = fresh; both { |a, t| a.unshift(put(n, t)) } },
  -> { both { |a, _| a.push(a.shift) } },
  -> { both { |a, _| a.unshift(a.pop) } },
  -> { both { |a, _| a.reverse! } },
  -> { k = R.rand(1_000); both { |a, _| a.rotate!(k) } },
  -> { i = R.rand(NUMBERS.size); both { |a, _| a.delete_at(i) } },
  -> { i = R.rand(NUMBERS.size); n = fresh; both { |a, t| a.insert(i, put(n, t)) } },
  -> { both { |a, _| a.concat(a.slice!(0, 400)) } },
  -> { both { |a, _| a.replace(a[300..-1] + a[0, 300]) } },
  -> { i = R.rand(NUMBERS.size - 9); both { |a, _| a[i], a[i + 8] = a[i + 8], a[i] } },
  -> { both { |a, _| a.unshift(*a.slice!(a.size - 3, 3)) } },
  -> { k, = KEYS.shift; key, value = TABLE.shift; KEYS[k] = k; TABLE[key] = value },
  -> { n = fresh; KEYS[n] = n; TABLE[word(n)] = [word(n)] },
  -> { k = KEYS.keys[R.rand(KEYS.size)]; KEYS.delete(k); TABLE.delete(word(k)) },
  -> { k = KEYS.keys[R.rand(KEYS.size)]; TABLE[word(k)] = [word(k)] },
  -> { TABLE.rehash },
  -> { TABLE.replace(TABLE.to_a.reverse.to_h); KEYS.replace(KEYS.to_a.reverse.to_h) },
].freeze

LINE_STEPS = [
  -> { i = R.rand(LINE_NUMBERS.size); n = fresh; line { |a, t| a[i] = put(n, t) } },
  -> { n = fresh; line { |a, t| a.push(put(n, t)) } },
  -> { line { |a, _| a.push(a.shift) } },
  -> { line { |a, _| a.unshift(a.pop) } },
  -> { line { |a, _| a.unshift(a.pop, a.pop, a.pop) } },
  -> { line { |a, _| a.reverse! } },
  -> { i = R.rand(LINE_NUMBERS.size); line { |a, _| a.delete_at(i) } },
].freeze

def same?(numbers, words)
  numbers.size == words.size && numbers.each_with_index.all? { |n, i| words[i] == word(n) }
end

def right?
  same?(NUMBERS, WORDS) && same?(LINE_NUMBERS, LINE_WORDS) && KEYS.size == TABLE.size &&
    KEYS.keys.zip(TABLE.to_a).all? { |k, pair| pair[0] == word(k) && pair[1][0] == word(k) }
end

on(:port_read, 0x60, budget: 10.seconds) do |io|
  60.times { [STEPS, LINE_STEPS].each { |steps| steps[R.rand(steps.size)].call }; garbage }
  io.value = right? ? 1 : 0
end
# The slices were there: more steps than whole containers would take.
on(:port_read, 0x61) { |io| io.value = Machine.statistics[:gc_steps] > 200 ? 1 : 0 }
