# A hook that returns at once.
on(:net_packet) { |p| }
