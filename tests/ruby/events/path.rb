# Nothing is allocated between an event and the next: neither by a block that is executed without
# mruby's virtual machine nor by one that needs it.
LIVE = {}
def live = ObjectSpace.count_objects(LIVE).sum { |type, count| %i[TOTAL FREE].include?(type) ? 0 : count }
on(:port_write, 0x80) { |io| io.value = (io.value + 1) & 0x7f }
on(:port_write, 0x81) { |io| io.value = io.value.succ & 0x7f }
on(:port_read, [0x80, 0x81]) { |io| }
before = 0
on(:port_write, 0x82) do |io|
  now = live
  log "allocated", more: now - before if io.seen?
  before = now
end
