# Takes a hook away and puts a new one in its place, from CPU 0, while CPU 1 hammers it. An event for
# one that was taken away would be a mistake.
generation = 0
events = 0
stale = 0
install = lambda do
  mine = generation
  on(:port_write, 0x5100, budget: 1.seconds) do
    events += 1
    stale += 1 if mine != generation
  end
end
hook = install.call

on(:port_write, 0x5110, budget: 5.seconds) do
  hook.off
  generation += 1
  hook = install.call
end

at_exit { puts "replaced #{generation} times, events #{events}, stale #{stale}" }
