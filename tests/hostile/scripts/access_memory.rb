# Searches the guest's memory for what it must not reach, and tries to write there. The hypervisor lies in RAM.
# group: redefine
# guest: deny
# state: alive
# log: ${name}.*refused [1-9]\d* places, 0 were open
on(:port_read, PORT, on_error: :deny, budget: 500.milliseconds) do |io|
  refused = open = 0
  page = 0x100000
  while page < Machine.memory_end
    begin
      Memory.read(page, 16)
    rescue AccessError
      refused += 1
      [-> { Memory.write(page, "x" * 16) }, -> { Memory.write64(page + 8, 0) }, -> { Mmio.read(page, 4) }, -> { Mmio.write(page, 0, 8) },
       -> { Memory.read(page - 4096, 8192) }, -> { Memory.write(page - 8, Memory.read(page - 8, 8) + "y" * 8) }].each do |way|
        begin
          way.call
          open += 1
        rescue AccessError, ArgumentError
        end
      end
    end
    page += 1 << 21
  end
  raise "refused #{refused} places, #{open} were open"
end
