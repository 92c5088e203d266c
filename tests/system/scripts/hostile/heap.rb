on(:port_read, 0x80, on_error: :deny, budget: 5.seconds) do |io|
  kept = []
  loop { kept << "x" * 100_000 }
end
