# Said in another way, it counts from where it is executed on.
on(:port_read, 0x60) { raise "on purpose" }
begin
  __send__(:policy!)
rescue AccessError => error
  log error.message
end
off(Hook.all[0])
__send__(:policy!)
on(:port_read, 0x60) { raise "on purpose" }
on(:port_read, 0x61) { __send__(:policy!) }
on(:port_read, 0x62) { |io| Hook.all[0].off }
