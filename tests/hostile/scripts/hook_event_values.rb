# Answers that do not fit, or are no numbers; verdicts one after the other.
# group: hooks
# guest: 0x22
# state: alive
# nolog: ${name}: accepted
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) do |io|
  [1 << 64, -(1 << 70), "x", nil, 1.5e300, Object.new, [1], :a, Float::NAN].each do |value|
    begin
      io.value = value
      log "accepted", value: value.inspect
    rescue RangeError, TypeError, FloatDomainError
    end
  end
  100.times { io.deny; io.pass; io.drop; io.ignore; io.value }
  io.pass
  io.value = -0xde
end
