# What hooks are told of a tunnel, and how it is then.
on(:vpn_up) { |e| log "up #{e.peer}: #{Vpn.status}" }
on(:vpn_down) { |e| log "down #{e.peer}: #{Vpn.status}" }
