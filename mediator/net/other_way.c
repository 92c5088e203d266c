/*
 * mediator/net/other_way.c: see the header. A controller of Thunderbolt or USB4 is one, for whoever has it may plug a network card
 * into the machine while it runs, or a cable to another machine, which is a network too.
 */
#include "mediator/net/other_way.h"

#include "core/log.h"
#include "vmm/access.h"
#include "vmm/pci_function.h"

#define PCI_CLASS_WIRELESS 0x0du
#define PCI_CLASS_USB4 0x0c0340u /* PCI Code and ID Assignment, 1.13: a host interface of USB4 */
#define PCI_VENDOR_INTEL 0x8086u

/* Thunderbolt's, before USB4 gave it a class: each function of such a controller of Intel's says so (PCI Express Base
 * Specification 4.0, 7.9.5). */
#define PCI_EXTENDED_VENDOR 0x0bu
#define PCI_VENDOR_HEADER 4
#define PCI_VENDOR_HEADER_KIND(header) ((header) & 0xffffu)
#define PCI_VENDOR_THUNDERBOLT 0x1234u
#define CAPABILITIES_MAXIMUM 480 /* of 8 bytes each at least, between PCI_EXTENDED and the end */

static char other_way[160]; /* the first that was found */

static void other_way_say(uint64_t function, const char *what)
{
	print_format(other_way, sizeof(other_way), "%s: PCI %02lx:%02lx.%lu", what, function >> 20 & 0xff, function >> 15 & 31,
		     function >> 12 & 7);
}

static bool other_way_is_thunderbolt(uint64_t function)
{
	unsigned at = PCI_EXTENDED;

	if ((pci_hardware_read(function | PCI_ID, 4) & 0xffff) != PCI_VENDOR_INTEL)
		return false;
	for (unsigned i = 0; i < CAPABILITIES_MAXIMUM && at >= PCI_EXTENDED; i++) {
		uint32_t header = pci_hardware_read(function | at, 4);

		if (header == 0 || header == UINT32_MAX)
			return false;
		if (PCI_EXTENDED_KIND(header) == PCI_EXTENDED_VENDOR &&
		    PCI_VENDOR_HEADER_KIND(pci_hardware_read(function | (at + PCI_VENDOR_HEADER), 4)) == PCI_VENDOR_THUNDERBOLT)
			return true;
		at = PCI_EXTENDED_NEXT(header);
	}
	return false;
}

static void other_way_look_at(uint64_t function)
{
	uint32_t class = pci_hardware_read(function | PCI_CLASS, 4) >> 8;

	if (other_way[0] != '\0')
		return;
	if (class >> 16 == PCI_CLASS_WIRELESS)
		other_way_say(function, "there is another network card, by which packets could leave, a wireless one");
	else if (class == PCI_CLASS_USB4 || other_way_is_thunderbolt(function))
		other_way_say(function, "there is Thunderbolt or USB4, by which a network can be plugged in (switch it off in the firmware's setup)");
}

const char *other_way_find(void)
{
	other_way[0] = '\0';
	pci_functions_visit(other_way_look_at);
	return other_way[0] != '\0' ? other_way : NULL;
}
