at_exit { log "not run" }
on(:port_read, 0x60) { }
def a
  raise "at the top"
end
a
