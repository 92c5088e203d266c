# bandwidth.rb: how much goes through each card, and how long packets are; and, if you like, no more than a rate.
#
# Settings:
#   period=10      prints every so many seconds (default: 0, at the end alone)
#   limit=1000     KiB a second, each way, that a card is let: what is more is dropped (default: 0, no limit)
#   burst=64       KiB that may come at once, with limit= (default: 64)

PERIOD = setting(:period, 0)
LIMIT = setting(:limit, 0) * 1024
BURST = setting(:burst, 64) * 1024

# One way of one card: what it has sent, and how many bytes more it may now.
class Flow
  attr_reader :packets, :bytes, :dropped

  def initialize
    @packets = @bytes = @dropped = 0
    @left = BURST
    @at = Machine.tsc
  end

  def take(packet)
    if LIMIT > 0 && !room?(packet.length)
      @dropped += 1
      packet.drop
    else
      @packets += 1
      @bytes += packet.length
    end
  end

  # A bucket that fills at the rate, up to the burst.
  def room?(bytes)
    now = Machine.tsc
    filled = LIMIT * (now - @at) / Machine.tsc_hz
    if filled > 0
      @left = [@left + filled, BURST].min
      @at = now
    end
    return false if @left < bytes
    @left -= bytes
    true
  end
end

$flows = Hash.new { |flows, key| flows[key] = Flow.new }
$start = Machine.tsc

def show
  seconds = [(Machine.tsc - $start).to_f / Machine.tsc_hz, 0.001].max
  $flows.each do |(nic, direction), flow|
    puts "%-6s %s %8d packets %12d bytes %10.1f KiB/s %8d dropped" %
         [nic, direction, flow.packets, flow.bytes, flow.bytes / 1024.0 / seconds, flow.dropped]
  end
end

on(:net_packet, observe: LIMIT == 0) { |p| $flows[[p.nic.to_s, p.direction]].take(p) }
on :net_packet, into: Histogram.log2(:length, unit: :bytes, by: %i[direction]), observe: true
every(PERIOD.seconds) { show } if PERIOD > 0
at_exit { show }

log "bandwidth on", limit: LIMIT == 0 ? "none" : "#{LIMIT / 1024} KiB/s"
