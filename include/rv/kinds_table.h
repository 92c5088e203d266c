/*
 * include/rv/kinds_table.h: the kinds of events, one RV_KIND each; rv/kinds.h says what the members mean.
 * Their order has no meaning. A new kind takes its entry here and a source (hook/source.h).
 */

/* What accesses have in common. A read's value is known when the device has been asked, so no filter can
 * be about it. */
#define RV_WIDTH(sizes, otherwise) \
	RV_FIELD("width", width_bytes, RV_READER_FILTER | RV_FIELD_BITS, .first = 1, .last = sizes, \
		 .sample = otherwise)
#define RV_VALUE_READ \
	RV_FIELD("value", value, RV_FIELD_READER | RV_FIELD_WRITABLE | RV_FIELD_LAZY)
#define RV_VALUE_WRITTEN \
	RV_FIELD("value", value, RV_READER_FILTER | RV_FIELD_WRITABLE, .last = UINT64_MAX, \
		 .mask = "mask", .sample = 0x41)
#define RV_ADDRESSES(name, greatest, usual) \
	RV_FIELD("address", address, RV_WHERE, .last = greatest, .sample = usual), \
	RV_FIELD(name, address, RV_WHERE, .last = greatest, .sample = usual)

#define RV_PORT RV_WIDTH(7, 1), RV_ADDRESSES("port", 0xffff, 0x60)

RV_KIND(PORT_READ, .name = "port_read", .group = "port_access", .class = "Port",
	.summary = "the guest reads an I/O port", .words = "port width",
	.flags = RV_KIND_FOLLOWS, RV_FIELDS(RV_PORT, RV_VALUE_READ))
RV_KIND(PORT_WRITE, .name = "port_write", .group = "port_access", .class = "Port",
	.summary = "the guest writes an I/O port", .words = "port value width",
	.flags = RV_KIND_WRITE | RV_KIND_FOLLOWS, RV_FIELDS(RV_PORT, RV_VALUE_WRITTEN))

#define RV_MEMORY \
	RV_WIDTH(15, 4), RV_FIELD("address", address, RV_WHERE, .last = 0xfffffffffffff)

RV_KIND(MMIO_READ, .name = "mmio_read", .group = "mmio_access", .class = "Mmio",
	.summary = "the guest reads device memory", .words = "address width",
	.flags = RV_KIND_MEMORY | RV_KIND_FOLLOWS, RV_FIELDS(RV_MEMORY, RV_VALUE_READ))
RV_KIND(MMIO_WRITE, .name = "mmio_write", .group = "mmio_access", .class = "Mmio",
	.summary = "the guest writes device memory", .words = "address value width",
	.flags = RV_KIND_WRITE | RV_KIND_MEMORY | RV_KIND_FOLLOWS, RV_FIELDS(RV_MEMORY, RV_VALUE_WRITTEN))

#define RV_MSR RV_ADDRESSES("msr", 0xffffffff, 0x1b), RV_FIELD("width", width_bytes, RV_FIELD_READER, .sample = 8)

RV_KIND(MSR_READ, .name = "msr_read", .group = "msr_access", .class = "Msr",
	.summary = "RDMSR", .words = "msr", .flags = RV_KIND_NUMBERS, RV_FIELDS(RV_MSR, RV_VALUE_READ))
RV_KIND(MSR_WRITE, .name = "msr_write", .group = "msr_access", .class = "Msr",
	.summary = "WRMSR", .words = "msr value", .flags = RV_KIND_WRITE | RV_KIND_NUMBERS,
	RV_FIELDS(RV_MSR, RV_VALUE_WRITTEN))

#define RV_CPUID_RESULT(name, index) \
	RV_FIELD(name, cpuid[index], RV_FIELD_READER | RV_FIELD_WRITABLE | RV_FIELD_LAZY | RV_FIELD_PART)

RV_KIND(CPUID, .name = "cpuid", .class = "Cpuid", .summary = "CPUID", .words = "leaf subleaf", .flags = RV_KIND_NUMBERS,
	RV_FIELDS(RV_ADDRESSES("leaf", 0xffffffff, 0),
		  RV_FIELD("subleaf", cpuid_subleaf, RV_READER_FILTER, .last = 0xffffffff),
		  RV_FIELD("width", width_bytes, RV_FIELD_READER, .sample = 4),
		  RV_CPUID_RESULT("eax", 0), RV_CPUID_RESULT("ebx", 1), RV_CPUID_RESULT("ecx", 2),
		  RV_CPUID_RESULT("edx", 3)))

#define RV_PCI_FUNCTION \
	RV_FIELD("bus", pci_bus, RV_READER_FILTER, .last = 0xff), \
	RV_FIELD("device", pci_device, RV_READER_FILTER, .last = 0x1f, .sample = 4), \
	RV_FIELD("function", pci_function, RV_READER_FILTER, .last = 7), \
	RV_FIELD("vendor_id", pci_vendor_id, RV_READER_FILTER | RV_FIELD_LOOKED_UP, .last = 0xffff, \
		 .sample = 0x8086), \
	RV_FIELD("device_id", pci_device_id, RV_READER_FILTER | RV_FIELD_LOOKED_UP, .last = 0xffff, \
		 .sample = 0x100e), \
	RV_FIELD("class", pci_class, RV_FIELD_FILTER | RV_FIELD_LOOKED_UP | RV_FIELD_PREFIX, \
		 .last = 0xffffff, .mask = "class_mask", .sample = 0x020000), \
	RV_FIELD("class_code", pci_class, RV_FIELD_READER)
#define RV_PCI_REGISTER RV_WIDTH(15, 4), RV_ADDRESSES("offset", 0xfff, 0)
#define RV_PCI_TEXTS \
	RV_TEXTS({ "id", "VENDOR:DEVICE", "8086:100e", ":", { "vendor_id", "device_id" } }, \
		 { "slot", "BUS:DEVICE.FUNCTION", "00:1f.2", ":.", { "bus", "device", "function" } })

RV_KIND(PCI_CONFIG_READ, .name = "pci_config_read", .group = "pci_config_access", .class = "PciConfig",
	.summary = "the guest reads a register of PCI configuration space", .words = "slot offset width",
	.flags = RV_KIND_FOLLOWS, RV_FIELDS(RV_PCI_REGISTER, RV_PCI_FUNCTION, RV_VALUE_READ), RV_PCI_TEXTS)
RV_KIND(PCI_CONFIG_WRITE, .name = "pci_config_write", .group = "pci_config_access", .class = "PciConfig",
	.summary = "the guest writes a register of PCI configuration space",
	.words = "slot offset value width", .flags = RV_KIND_WRITE | RV_KIND_FOLLOWS,
	RV_FIELDS(RV_PCI_REGISTER, RV_PCI_FUNCTION, RV_VALUE_WRITTEN), RV_PCI_TEXTS)

/* What a disk is asked for. Its fields are the same in each kind, so that events of all have one class. */
#define RV_DISK_FIELDS(lba_flags, usual, code) \
	RV_FIELDS(RV_FIELD("disk", disk_number, RV_READER_FILTER | RV_FIELD_DISK, .last = RV_DISK_LAST), \
		  RV_FIELD("lba", disk_lba, RV_READER_FILTER | lba_flags, .last = UINT64_MAX, .sample = 2048), \
		  RV_FIELD("sectors", disk_sectors, RV_READER_FILTER, .last = UINT32_MAX, .sample = 8), \
		  RV_FIELD("command", disk_command, RV_READER_FILTER | RV_FIELD_BITS | RV_FIELD_COMMAND, \
			   .last = RV_DISK_COMMAND_BITS, .sample = RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_##usual)), \
		  RV_FIELD("opcode", disk_opcode, RV_READER_FILTER, .last = UINT16_MAX, .sample = code), \
		  RV_FIELD("argument", disk_argument, RV_READER_FILTER, .last = UINT32_MAX), \
		  RV_FIELD("queue", disk_queue, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("status", disk_status, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("latency", disk_latency_us, RV_READER_FILTER, .last = UINT64_MAX), \
		  RV_FIELD("request", request, RV_FIELD_READER), \
		  RV_FIELD("marks", marks, RV_FIELD_FILTER | RV_FIELD_HIDDEN, .mask = "marks_mask", .last = UINT64_MAX))
#define RV_DISK_WORDS .words = "disk lba sectors command status latency queue opcode argument"
#define RV_DISK_KIND .group = "disk_request", .class = "Disk", RV_DISK_WORDS

RV_KIND(DISK_READ, .name = "disk_read", RV_DISK_KIND, .flags = RV_KIND_REQUEST,
	.summary = "the guest has a disk read", RV_DISK_FIELDS(RV_FIELD_WRITABLE, READ, 0xc8))
RV_KIND(DISK_WRITE, .name = "disk_write", RV_DISK_KIND, .flags = RV_KIND_REQUEST | RV_KIND_WRITE,
	.summary = "the guest has a disk written", RV_DISK_FIELDS(RV_FIELD_WRITABLE, WRITE, 0xca))
RV_KIND(DISK_FLUSH, .name = "disk_flush", RV_DISK_KIND, .flags = RV_KIND_REQUEST,
	.summary = "the guest has a disk's cache written", RV_DISK_FIELDS(0, FLUSH, 0xe7))
RV_KIND(DISK_DISCARD, .name = "disk_discard", RV_DISK_KIND, .flags = RV_KIND_REQUEST | RV_KIND_WRITE,
	.summary = "the guest gives up what sectors hold", RV_DISK_FIELDS(0, DISCARD, 0x06))
RV_KIND(DISK_COMMAND, .name = "disk_command", RV_DISK_KIND, .flags = RV_KIND_REQUEST,
	.summary = "the guest gives a disk another command", RV_DISK_FIELDS(0, IDENTIFY, 0xec))
RV_KIND(DISK_DONE, .name = "disk_done", .class = "DiskDone", RV_DISK_WORDS,
	.flags = RV_KIND_REQUEST, .summary = "a disk has done what it was asked for", RV_DISK_FIELDS(0, READ, 0xc8))
#define RV_DISK_PLUG \
	.words = "disk", .flags = RV_KIND_PLAIN, \
	RV_FIELDS(RV_FIELD("disk", disk_number, RV_READER_FILTER | RV_FIELD_DISK, .last = RV_DISK_LAST))
RV_KIND(DISK_ATTACH, .name = "disk_attach", .class = "DiskAttach", .summary = "a disk is known", RV_DISK_PLUG)
RV_KIND(DISK_DETACH, .name = "disk_detach", .class = "DiskDetach", .summary = "a disk is gone", RV_DISK_PLUG)

/* Packets. What a frame does not have is all ones, and no filter's. */
#define RV_NET_ADDRESS(half) \
	RV_FIELD(#half, net_##half, RV_READER_FILTER | RV_FIELD_OPTIONAL | RV_FIELD_TEXT, .last = UINT64_MAX, \
		 .mask = #half "_mask", .sample = 0x0a00020f)
#define RV_NET_LOW(half) \
	RV_FIELD(#half, net_##half, RV_READER_FILTER, .last = UINT64_MAX, .mask = #half "_mask")
#define RV_NET_PART(name, member, most, usual) \
	RV_FIELD(name, member, RV_READER_FILTER | RV_FIELD_OPTIONAL, .last = most, .sample = usual)
#define RV_NET_FIELDS \
	RV_FIELDS(RV_FIELD("nic", net_nic, RV_READER_FILTER | RV_FIELD_NIC, .last = RV_NIC_LAST), \
		  RV_NET_PART("ethertype", net_ethertype, UINT16_MAX, RV_ETHERTYPE_IPV4), \
		  RV_NET_PART("protocol", net_protocol, UINT8_MAX, RV_PROTOCOL_TCP), \
		  RV_NET_ADDRESS(src), RV_NET_ADDRESS(dst), RV_NET_LOW(src_low), RV_NET_LOW(dst_low), \
		  RV_NET_PART("sport", net_sport, UINT16_MAX, 40000), RV_NET_PART("dport", net_dport, UINT16_MAX, 80), \
		  RV_FIELD("port", net_sport, RV_FIELD_FILTER | RV_FIELD_EITHER, .last = UINT16_MAX, .sample = 40000), \
		  RV_NET_PART("vlan", net_vlan, 0xfff, RV_NET_NONE), \
		  RV_FIELD("length", net_length, RV_READER_FILTER, .last = RV_FRAME_BYTES_MAXIMUM, .sample = 60), \
		  RV_FIELD("queue", net_queue, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("gso_size", net_gso_size, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("csum_partial", net_csum_partial, RV_READER_FILTER, .last = 1), \
		  RV_FIELD("fragment", net_fragment, RV_READER_FILTER, .last = 1), \
		  RV_FIELD("network_at", net_network_at, RV_FIELD_READER, .sample = 14), \
		  RV_FIELD("transport_at", net_transport_at, RV_FIELD_READER, .sample = 34), \
		  RV_FIELD("payload_at", net_payload_at, RV_FIELD_READER, .sample = 54), \
		  RV_FIELD("request", request, RV_FIELD_READER))
#define RV_NET_KIND .group = "net_packet", .class = "Packet", \
	.words = "nic ethertype protocol src sport dst dport length vlan queue"

RV_KIND(NET_TX, .name = "net_tx", RV_NET_KIND, .flags = RV_KIND_REQUEST | RV_KIND_WRITE,
	.summary = "the guest sends a packet", RV_NET_FIELDS)
RV_KIND(NET_RX, .name = "net_rx", RV_NET_KIND, .flags = RV_KIND_REQUEST,
	.summary = "a packet comes for the guest", RV_NET_FIELDS)
RV_KIND(NIC_ATTACH, .name = "nic_attach", .class = "NicAttach", .words = "", .flags = RV_KIND_PLAIN,
	.summary = "the guest's driver has set up a network card",
	RV_FIELDS(RV_FIELD("nic", nic_number, RV_READER_FILTER | RV_FIELD_NIC, .last = RV_NIC_LAST),
		  RV_FIELD("mac", nic_mac, RV_READER_FILTER, .last = 0xffffffffffff, .sample = 0x525400123456)))

/* The tunnel's peers (rv/tunnel.h). */
#define RV_VPN_FIELDS RV_FIELDS(RV_FIELD("peer", vpn_peer, RV_READER_FILTER, .last = TUNNEL_PEERS_MAXIMUM - 1))

RV_KIND(VPN_UP, .name = "vpn_up", .class = "VpnUp", .words = "peer", .flags = RV_KIND_PLAIN,
	.summary = "a peer of the tunnel answers", RV_VPN_FIELDS)
RV_KIND(VPN_DOWN, .name = "vpn_down", .class = "VpnDown", .words = "peer", .flags = RV_KIND_PLAIN,
	.summary = "a peer of the tunnel does not answer any more", RV_VPN_FIELDS)

/* USB devices. */
#define RV_USB_DEVICE \
	RV_FIELD("device", usb_number, RV_READER_FILTER, .last = RV_USB_LAST, .sample = 1), \
	RV_FIELD("vendor_id", usb_vendor_id, RV_READER_FILTER, .last = UINT16_MAX, .sample = 0x46f4), \
	RV_FIELD("product_id", usb_product_id, RV_READER_FILTER, .last = UINT16_MAX, .sample = 0x0001), \
	RV_FIELD("class_code", usb_class, RV_READER_FILTER, .last = UINT8_MAX), \
	RV_FIELD("speed", usb_speed, RV_READER_FILTER, .last = 15, .sample = RV_USB_SPEED_HIGH), \
	RV_FIELD("port", usb_port, RV_READER_FILTER, .last = UINT8_MAX, .sample = 1)
#define RV_USB_TEXTS RV_TEXTS({ "id", "VENDOR:PRODUCT", "46f4:0001", ":", { "vendor_id", "product_id" } })
#define RV_USB_FIELDS RV_FIELDS(RV_USB_DEVICE), RV_USB_TEXTS
/* What it is asked for. These fields are the same in each kind, as a disk's are. */
#define RV_USB_TRANSFER_FIELDS(number, goes_in, kind) \
	RV_FIELDS(RV_USB_DEVICE, \
		  RV_FIELD("endpoint", usb_endpoint, RV_READER_FILTER, .last = 15, .sample = number), \
		  RV_FIELD("direction", usb_direction, RV_READER_FILTER, .last = 1, .sample = goes_in), \
		  RV_FIELD("type", usb_type, RV_READER_FILTER, .last = 3, .sample = RV_USB_##kind), \
		  RV_FIELD("interface", usb_interface, RV_READER_FILTER, .last = UINT8_MAX), \
		  RV_FIELD("interface_class", usb_interface_class, RV_FIELD_READER, .sample = 8), \
		  RV_FIELD("class", usb_interface_class, RV_FIELD_FILTER, .last = UINT8_MAX, .sample = 8), \
		  RV_FIELD("request_type", usb_request_type, RV_READER_FILTER, .last = UINT8_MAX), \
		  RV_FIELD("request_code", usb_request_code, RV_READER_FILTER, .last = UINT8_MAX), \
		  RV_FIELD("value", usb_value, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("index", usb_index, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("length", usb_length, RV_READER_FILTER, .last = UINT32_MAX, .sample = 31), \
		  RV_FIELD("status", usb_status, RV_READER_FILTER, .last = UINT16_MAX), \
		  RV_FIELD("latency", usb_latency_us, RV_READER_FILTER, .last = UINT64_MAX), \
		  RV_FIELD("request", request, RV_FIELD_READER), \
		  RV_FIELD("marks", marks, RV_FIELD_FILTER | RV_FIELD_HIDDEN, .mask = "marks_mask", .last = UINT64_MAX)), \
	RV_USB_TEXTS
#define RV_USB_WORDS .words = "id type interface class endpoint direction length request_type request_code value index status latency"

RV_KIND(USB_ATTACH, .name = "usb_attach", .class = "UsbAttach", .words = "id class_code device speed port",
	.flags = RV_KIND_REQUEST, .summary = "a USB device wants to come in", RV_USB_FIELDS)
RV_KIND(USB_DETACH, .name = "usb_detach", .class = "UsbDetach", .words = "",
	.flags = RV_KIND_PLAIN, .summary = "a USB device is gone", RV_USB_FIELDS)

RV_KIND(USB_CONTROL, .name = "usb_control", .group = "usb_request", .class = "UsbTransfer", RV_USB_WORDS,
	.flags = RV_KIND_REQUEST, .summary = "the guest has a USB device's endpoint 0 asked", RV_USB_TRANSFER_FIELDS(0, 1, CONTROL))
RV_KIND(USB_TRANSFER, .name = "usb_transfer", .group = "usb_request", .class = "UsbTransfer", RV_USB_WORDS,
	.flags = RV_KIND_REQUEST, .summary = "the guest has data moved by a bulk or interrupt endpoint of a USB device",
	RV_USB_TRANSFER_FIELDS(1, 0, BULK))
RV_KIND(USB_DONE, .name = "usb_done", .class = "UsbDone", RV_USB_WORDS,
	.flags = RV_KIND_REQUEST, .summary = "a transfer of a USB device has ended", RV_USB_TRANSFER_FIELDS(1, 1, BULK))

RV_KIND(TIMER, .name = "timer", .class = "Timer", .summary = "a time is over (`every`)", .words = "",
	.flags = RV_KIND_PLAIN | RV_KIND_OWN_WORD,
	RV_FIELDS(RV_FIELD("period", value, RV_FIELD_FILTER | RV_FIELD_ADDRESS | RV_FIELD_PERIOD,
			   .first = 1000, .last = UINT64_C(31557600000000) /* a year: its cycles fit 64 bits */)))
RV_KIND(SHUTDOWN, .name = "shutdown", .class = "Shutdown", .words = "",
	.summary = "the guest powers off or resets (`at_exit`)",
	.flags = RV_KIND_PLAIN | RV_KIND_OWN_WORD | RV_KIND_AT_END)
RV_KIND(HAND_OVER, .name = "hand_over", .class = "HandOver", .words = "",
	.summary = "another script takes this one's place (`at_reload`)", .flags = RV_KIND_PLAIN | RV_KIND_OWN_WORD | RV_KIND_LONG)
RV_KIND(RELOADED, .name = "reloaded", .class = "Reloaded", .words = "",
	.summary = "this script takes the place of one that hands something over (`reloaded`)",
	.flags = RV_KIND_PLAIN | RV_KIND_OWN_WORD | RV_KIND_LONG)
RV_KIND(INPUT, .name = "input", .class = "Input", .words = "",
	.summary = "a line of `ritectl repl`", .flags = RV_KIND_PLAIN | RV_KIND_OWN_WORD | RV_KIND_LONG)

#undef RV_DISK_FIELDS
#undef RV_DISK_WORDS
#undef RV_DISK_KIND
#undef RV_NET_ADDRESS
#undef RV_NET_LOW
#undef RV_NET_PART
#undef RV_NET_FIELDS
#undef RV_NET_KIND
#undef RV_USB_DEVICE
#undef RV_USB_TEXTS
#undef RV_USB_FIELDS
#undef RV_USB_TRANSFER_FIELDS
#undef RV_USB_WORDS
#undef RV_WIDTH
#undef RV_VALUE_READ
#undef RV_VALUE_WRITTEN
#undef RV_ADDRESSES
#undef RV_PORT
#undef RV_MEMORY
#undef RV_MSR
#undef RV_CPUID_RESULT
#undef RV_PCI_FUNCTION
#undef RV_PCI_REGISTER
#undef RV_PCI_TEXTS
