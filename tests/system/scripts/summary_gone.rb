# Hooks that are gone before the summary: one ends itself and another, one has all of them killed.
every(10.seconds) { }
at_exit { }

count = 0
other = on(:port_write, 0x4080) { }
own = on(:port_read, 0x4080..0x4083) do |io|
  count += 1
  if count == 2
    own.off
    other.off
  end
end
on :port_read, 0x4090..0x4093 do
  loop { }
rescue Exception
  retry
end
