# Values from 2^63 up: what policies do with addresses and MSRs.
LIMIT = 0x1000
KERNEL = 0xffffffff80000000..0xffffffffffffffff
on(:msr_read, 0xc0000082) { |m| m.value = m.value & ~0xff }
on(:msr_write, 0xc0000083) { |m| m.value = m.value & ~0xff }
on(:msr_read, 0xc0000084) { |m| m.value &= ~(1 << 8) }
on(:msr_write, 0xc0000085) { |m| m.deny if LIMIT < m.value }
on(:msr_write, 0xc0000086) { |m| m.deny unless KERNEL === m.value }
on(:msr_read, 0xc0000087) { |m| m.value = (m.value | -1) }
on(:msr_read, 0xc0000088) { |m| m.value ^= 1 << 63 }
on(:msr_read, 0xc0000089) { |m| m.value = m.value >> 12 << 12 }
on(:msr_read, 0xc000008a) { |m| m.value = m.value[63] * 2 + m.value[0] }
on(:msr_read, 0xc000008b) { |m| m.value = ~m.value & 0xffffffffffffffff }
on(:msr_read, 0xc000008c) { |m| m.value += 8 }
on(:msr_read, 0xc000008d) { |m| m.value -= 1 }
on(:msr_write, 0xc000008e) { |m| m.value = [m.value, 0xffff800000000000].max }
on(:msr_write, 0xc000008f) { |m| m.value = [m.value].pack("Q>").unpack1("Q<") }
on(:mmio_read, 0xfebc0000) { |m| m.value = m.value & ~1 }
on(:mmio_write, 0xfebc0000) { |m| m.value = m.value | 1 }

# `x += 1` on a local variable leaves its neighbours alone, whatever x is; and a block's variables.
seen = Hash.new(0)
on(:msr_write, 0xc0000090) do |m|
  address = m.value
  count = 0
  last = address + 0x3000
  while address < last
    count += 1
    address += 0x1000
    address -= 1
    address += 1
  end
  seen[address] += 1
  log "walked", count: count, last: last, address: address, seen: seen[last]
end
on(:msr_write, 0xc0000091) do |m|
  text = "#{m.value.to_s(16)}|#{"%016x" % m.value}|#{"<%x> %d" % [m.value, -m.value]}"
  log text, equal: Integer("0x" + m.value.to_s(16)) == m.value, even: m.value.even?, bits: m.value.bit_length
end
