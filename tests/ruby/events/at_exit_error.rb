at_exit { log "the first" }
at_exit { raise "the second fails" }
on(:port_read, 0x60) { }
