# A search that takes the product of two lengths.
# group: c
# guest: deny
# state: alive killed
hay = "a" * 900_000
needle = "a" * 450_000 + "b"
on(:port_read, PORT, on_error: :deny) do |io|
  hay.index(needle)
  hay.rindex(needle)
  hay.gsub("a", "bc")
  hay.tr("a", "b").squeeze.succ
  hay.unpack("B*")
  raise "done"
end
