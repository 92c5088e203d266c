/*
 * tests/guest/reserved.c: looks for it in the map that INT 15h, E820h gives.
 */
#include "reserved.h"

#include "guest.h"

#define E820_SMAP 0x534d4150u
#define E820_USABLE 1u
#define LARGE_PAGE (UINT64_C(1) << 21)

struct memory_range {
	uint64_t start, length_bytes;
	uint32_t type, attributes;
};

uint64_t reserved_find(void)
{
	const struct memory_range *entry = (const struct memory_range *)BIOS_BUFFER_ADDRESS;
	struct bios_registers r = {.edi = BIOS_BUFFER_ADDRESS};
	uint64_t usable_end = 0;

	do {
		r.eax = 0xe820;
		r.ecx = sizeof(*entry);
		r.edx = E820_SMAP;
		bios_call(0x15, &r);
		if ((r.eflags & BIOS_CARRY) || r.eax != E820_SMAP)
			break;
		if (entry->type != E820_USABLE && entry->start == usable_end &&
		    entry->start % LARGE_PAGE == 0 && entry->length_bytes >= LARGE_PAGE)
			return entry->start;
		usable_end = entry->type == E820_USABLE ? entry->start + entry->length_bytes : 0;
	} while (r.ebx != 0);
	return 0;
}
