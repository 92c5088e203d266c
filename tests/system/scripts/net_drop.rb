# No mail leaves.
on(:net_tx, port: 25) { |packet| packet.drop }
