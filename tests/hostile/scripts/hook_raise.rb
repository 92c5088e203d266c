# Hooks on everything that raise at every event: CPUID, many MSRs, all of PCI.
# group: hooks
# guest: pass
# state: alive
# log: ${name}.*everywhere
[[:cpuid], [:msr_access, 0..0x1ff], [:msr_access, 0xc0000080..0xc0000100], [:pci_config_access]].each do |where|
  on(*where, on_error: :pass) { |io| raise "everywhere" }
end
on(:port_read, PORT, on_error: :pass) { |io| raise "everywhere" }
