on(:port_read, 0x80, on_error: :deny, budget: 5.seconds) do |io|
  kept = nil
  loop { kept = [kept, Object.new] }
end
