# C looks at each packet, and no hook wants it.
on(:net_packet, port: 9) { |p| }
