at_exit { log "bye" }
exit 3
