# A hook that only counts: C does that, Ruby is not asked.
on(:port_read, 0x80, into: Counter.new(:reads, by: %i[port]))
