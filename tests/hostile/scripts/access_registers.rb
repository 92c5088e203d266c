# The MSRs that the hypervisor runs with, and numbers that are none.
# group: redefine
# guest: deny
# state: alive
# log: ${name}.*0 of \d+ were open
OWNED = [0x10, 0x1b, 0x3a, 0x174, 0x175, 0x176, 0x1d9, 0x277, 0x480, 0x6e0, 0x830, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
         0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010010, 0xc0010015, 0xc0010114, 0xc0010117]
on(:port_read, PORT, on_error: :deny, budget: 50.milliseconds) do |io|
  open = 0
  OWNED.each do |msr|
    begin
      Msr.write(msr, 0)
      open += 1
    rescue AccessError
    end
  end
  [-1, 1 << 32, 1 << 64, 1 << 70, nil, "x", 1.5, 0x4b564d00].each do |msr|
    begin
      Msr.read(msr)
      Msr.write(msr, 1 << 70)
      open += 1
    rescue AccessError, ArgumentError, RangeError, TypeError
    end
  end
  raise "#{open} of #{OWNED.size + 8} were open"
end
