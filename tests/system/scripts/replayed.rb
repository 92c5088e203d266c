# Decides something of what every boot does; what it decides follows from what the guest asks and the devices answer.
register = 0
on(:port_write, 0x70) { |io| register = io.value & 0x7f }
on(:port_read, 0x71) { |io| io.value = 0x42 if register == 9 }
on(:pci_config_read, class: 0x0200) { |io| io.deny }
on(:cpuid, 1) { |id| id.ecx &= ~0x20 }
on(:msr_write, 0x1b) { |msr| msr.drop if msr.value == 0 }
