/*
 * boot/hardware_devices.c: what the hardware report says of the IOMMU and of PCI devices: their
 * class in words, and how far hooks reach.
 */
#include "boot/hardware_check.h"

#include "core/log.h"
#include "mediator/disk/virtio_disk_regs.h"
#include "mediator/virtio/virtio_regs.h"

struct hardware_class {
	uint32_t code, mask; /* of the class code */
	const char *name;
	const char *reach; /* how far that of scripts goes */
};

#define REACH_REGISTERS "register hooks only"
#define REACH_DISK "register hooks, disk requests"

/* PCI Code and ID Assignment Specification 1.11; the first that fits counts. */
static const struct hardware_class hardware_classes[] = {
	{ 0x010100, 0xffff00, "IDE controller", REACH_DISK },
	{ 0x010601, 0xffffff, "AHCI controller", REACH_DISK },
	{ 0x010802, 0xffffff, "NVMe controller", REACH_DISK },
	{ 0x010000, 0xff0000, "storage controller", REACH_REGISTERS ", no disk requests" },
	{ 0x020000, 0xffff00, "Ethernet controller", REACH_REGISTERS ", no packets" },
	{ 0x020000, 0xff0000, "network controller", REACH_REGISTERS ", no packets" },
	{ 0x030000, 0xff0000, "display controller", REACH_REGISTERS },
	{ 0x040000, 0xff0000, "multimedia controller", REACH_REGISTERS },
	{ 0x060000, 0xffff00, "host bridge", REACH_REGISTERS },
	{ 0x060100, 0xffff00, "ISA bridge", REACH_REGISTERS },
	{ 0x060400, 0xffff00, "PCI bridge", REACH_REGISTERS },
	{ 0x060000, 0xff0000, "bridge", REACH_REGISTERS },
	{ 0x080600, 0xffff00, "IOMMU", REACH_REGISTERS },
	{ 0x0c0300, 0xffffff, "USB controller (UHCI)", REACH_REGISTERS ", no USB transfers" },
	{ 0x0c0310, 0xffffff, "USB controller (OHCI)", REACH_REGISTERS ", no USB transfers" },
	{ 0x0c0320, 0xffffff, "USB controller (EHCI)", REACH_REGISTERS ", no USB transfers" },
	{ 0x0c0330, 0xffffff, "USB controller (xHCI)", REACH_REGISTERS ", no USB transfers" },
	{ 0x0c0500, 0xffff00, "SMBus controller", REACH_REGISTERS },
	{ 0x000000, 0x000000, "device", REACH_REGISTERS },
};

/* By its ID, since its class is that of SCSI controllers (Virtual I/O Device 1.1, 4.1.2 and 5.2). */
static const struct hardware_class hardware_virtio_disk = { 0x010000, 0xff0000, "virtio disk", REACH_DISK };

static const struct hardware_class *hardware_class(const struct hardware_pci *pci)
{
	size_t i = 0;

	if (pci->vendor_id == VIRTIO_VENDOR && (pci->device_id == VIRTIO_DISK_TRANSITIONAL || pci->device_id == VIRTIO_DISK))
		return &hardware_virtio_disk;
	while ((pci->class_code & hardware_classes[i].mask) != hardware_classes[i].code)
		i++;
	return &hardware_classes[i];
}

void hardware_check_iommu(struct hardware_report *report)
{
	static const struct {
		const char *signature, *text;
	} kinds[] = { { "DMAR", "Intel VT-d (DMAR)" }, { "IVRS", "AMD-Vi (IVRS)" } };

	if (report->source->acpi_table(kinds[0].signature) == HARDWARE_UNKNOWN) {
		hardware_say(report, HARDWARE_NOTE, "iommu", "the ACPI tables cannot be seen",
			     "IOMMU: not known");
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		if (report->source->acpi_table(kinds[i].signature) == HARDWARE_YES) {
			hardware_say(report, HARDWARE_NOTE, "iommu",
				     "it keeps devices from Ritevisor's memory, unless iommu=guest or off",
				     "IOMMU: %s", kinds[i].text);
			return;
		}
	}
	hardware_say(report, HARDWARE_NOTE, "iommu",
		     "devices reach Ritevisor's memory by DMA; look for VT-d or IOMMU in the "
		     "firmware's setup", "IOMMU: none");
}

void hardware_check_devices(struct hardware_report *report)
{
	struct hardware_pci pci;
	size_t nr_devices = 0;

	for (; report->source->pci(nr_devices, &pci); nr_devices++) {
		const struct hardware_class *class = hardware_class(&pci);

		hardware_say(report, HARDWARE_OK, "device", "", "PCI %02x:%02x.%x %04x:%04x %06x %s: %s", pci.bus,
			     pci.device, pci.function, pci.vendor_id, pci.device_id, pci.class_code, class->name,
			     class->reach);
	}
	if (nr_devices == 0)
		hardware_say(report, HARDWARE_NOTE, "devices", "", "PCI: no devices found");
	else
		hardware_say(report, HARDWARE_NOTE, "mediators",
			     "of all devices scripts see and change ports, device memory and PCI configuration",
			     "mediators: what is asked of disks reaches scripts as requests; packets and USB do not yet");
}
