# A hook on device memory that comes and goes, as the guest's first CPU says.
hook = nil
changes = 0

on :port_write, 0x5ff0, budget: 5.seconds do |io|
  io.drop
  changes += 1
  if io.value == 1
    hook = on(:mmio_write, 0xfed00000..0xfed00fff) { |mmio| mmio.pass }
  else
    hook.off
  end
end

at_exit { log "changed", times: changes }
