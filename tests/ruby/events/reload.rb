# A script's state goes to the one that takes its place: here, to itself.
count = 41
on(:port_read, 0x71) { |io| io.value = (count += 1) }
at_reload { "#{count} #{"x" * 2000}" }
reloaded { |state| log "#{state.size} #{count = state.to_i}" }
begin
  at_reload
rescue ArgumentError => error
  log error.message
end
