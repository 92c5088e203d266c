log "loaded", first: require_relative("required"), again: require_relative("./required.rb"), folder: require_relative("lib/required")
log Helper.name_of(7)
require "set"
log Set[1, 1, 2].size.to_s
begin
  require_relative "missing"
rescue LoadError => e
  log e.message
end
begin
  require_relative "broken"
rescue ScriptError => e
  log e.message
end
log "settings", mode: setting(:mode, :none), n: setting(:n, 1), argv: ARGV
on(:port_read, 1) { }
