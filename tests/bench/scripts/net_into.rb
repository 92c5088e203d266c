# How long packets are, by card and direction: C counts, Ruby is not asked.
on :net_packet, into: Histogram.log2(:length, by: %i[nic])
