# A hook comes and goes as the guest says: the port is taken, or given back, between two commands.
hook = nil
came = saw = 0
on(:port_write, 0x80) do
  if hook
    off hook
    hook = nil
  else
    hook = on(:disk_read, disk: :sata0) do |r|
      saw += 1
      r.done { |done| done.data.set_u8(0, done.data.u8(0)) }
    end
    came += 1
  end
end
at_exit { puts "came #{came}, saw #{saw > 400}" }
