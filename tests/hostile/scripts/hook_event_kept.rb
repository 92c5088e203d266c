# Events, registers and hooks that outlive their event, in other hands.
# group: hooks
# guest: 0x11
# state: alive
# log: ${name}.*EventError
kept = nil
every(5.milliseconds) do
  next unless kept
  kept.value = 5
end
fiber = Fiber.new { |io| loop { io.value = 0x11; io = Fiber.yield } }
on(:port_read, PORT) do |io|
  kept = io
  [:dup, :clone].each { |name| begin; io.__send__(name).value = 7; rescue StandardError; end }
  [Event::Port, Event::Mmio, Event::Cpuid, Event::PciConfig, Event::Msr, Event].each do |type|
    begin; type.allocate.value; rescue StandardError; end
    begin; type.new.value = 3; rescue StandardError; end
  end
  fiber.resume(io)
end
