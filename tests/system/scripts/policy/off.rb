# A hook that is led to switch itself off, and then lets all pass.
policy!
hook = on(:port_read, 0x21) do |io|
  begin
    hook.off
  rescue AccessError => error
    log error.message unless io.seen?
    io.deny
  end
end
