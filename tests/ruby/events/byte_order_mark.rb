puts "first line"
log "line", number: __LINE__
