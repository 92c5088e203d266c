/*
 * tests/guest/identity.c: the memory that the firmware tells a BIOS guest about, by INT 15h E820,
 * E801, 88h and INT 12h, and whether what is hidden from it is out of reach.
 *
 * Options: hidden=FIRST-LAST or hidden=auto (the largest reserved range between usable ones below
 * 4 GiB): every page of it must read as ones and swallow writes, and no service may report it.
 */
#include "guest.h"

#define E820_SMAP 0x534d4150u
#define E820_USABLE 1u
#define RANGES_MAXIMUM 64
#define PAGE_BYTES 4096u
#define HIDDEN_BYTES_MINIMUM (UINT64_C(1) << 20)

struct memory_range {
	uint64_t start, length_bytes;
	uint32_t type, attributes;
};

static struct memory_range ranges[RANGES_MAXIMUM];
static unsigned nr_ranges;

static void e820_read(void)
{
	struct bios_registers r = {.edi = BIOS_BUFFER_ADDRESS};
	struct memory_range *entry = (struct memory_range *)BIOS_BUFFER_ADDRESS;

	do {
		r.eax = 0xe820;
		r.ecx = sizeof(*entry);
		r.edx = E820_SMAP;
		bios_call(0x15, &r);
		if ((r.eflags & BIOS_CARRY) || r.eax != E820_SMAP)
			break;
		guest_print("e820: 0x%lx-0x%lx type %u\n", entry->start,
			    entry->start + entry->length_bytes - 1, entry->type);
		ranges[nr_ranges++] = *entry;
	} while (r.ebx != 0 && nr_ranges < RANGES_MAXIMUM);
	guest_check(nr_ranges > 0, "e820", "no entry, eax 0x%x", r.eax);
}

/* Is any byte of the range usable by the map? */
static bool e820_offers(uint64_t first, uint64_t last)
{
	for (unsigned i = 0; i < nr_ranges; i++)
		if (ranges[i].type == E820_USABLE && ranges[i].start <= last &&
		    ranges[i].start + ranges[i].length_bytes > first)
			return true;
	return false;
}

static void e820_check_order(void)
{
	for (unsigned i = 1; i < nr_ranges; i++) {
		uint64_t end = ranges[i - 1].start + ranges[i - 1].length_bytes;

		if (ranges[i].start < end) {
			guest_check(false, "e820 order", "entry %u overlaps", i);
			return;
		}
	}
	guest_check(true, "e820 order", "");
}

/* The largest range below 4 GiB that is not usable but has usable memory below it, and that is not
 * a device's: neither at the very top nor above all usable memory but for firmware's own. */
static bool hidden_find(uint64_t *first, uint64_t *last)
{
	uint64_t largest = HIDDEN_BYTES_MINIMUM - 1, top = 0;

	for (unsigned i = 0; i < nr_ranges; i++) {
		uint64_t end = ranges[i].start + ranges[i].length_bytes;

		/* RAM below 4 GiB ends where the entries that touch one another do. */
		if (ranges[i].start >= 0x100000 && end <= UINT64_C(0x100000000) &&
		    (top == 0 || ranges[i].start == top))
			top = end;
	}
	for (unsigned i = 0; i < nr_ranges; i++) {
		if (ranges[i].type == E820_USABLE || ranges[i].start < 0x100000 ||
		    ranges[i].start >= top || ranges[i].length_bytes <= largest)
			continue;
		largest = ranges[i].length_bytes;
		*first = ranges[i].start;
		*last = ranges[i].start + largest - 1;
	}
	return largest >= HIDDEN_BYTES_MINIMUM;
}

/* How many KiB above 1 MiB, and how many 64 KiB blocks above 16 MiB, the older services report. */
static void old_services_check(uint64_t hidden_first)
{
	struct bios_registers r = {.eax = 0xe801};
	uint64_t end;

	bios_call(0x15, &r);
	guest_print("e801: ax 0x%x bx 0x%x cx 0x%x dx 0x%x\n", r.eax & 0xffff, r.ebx & 0xffff,
		    r.ecx & 0xffff, r.edx & 0xffff);
	end = r.ebx & 0xffff ? (UINT64_C(16) << 20) + ((uint64_t)(r.ebx & 0xffff) << 16)
			     : (UINT64_C(1) << 20) + ((uint64_t)(r.eax & 0xffff) << 10);
	guest_check(!(r.eflags & BIOS_CARRY) && end <= hidden_first, "e801", "reaches 0x%lx", end);

	r = (struct bios_registers){.eax = 0x8800};
	bios_call(0x15, &r);
	guest_print("88h: %u KiB\n", r.eax & 0xffff);
	end = (UINT64_C(1) << 20) + ((uint64_t)(r.eax & 0xffff) << 10);
	guest_check(end <= hidden_first, "88h", "reaches 0x%lx", end);

	r = (struct bios_registers){0};
	bios_call(0x12, &r);
	guest_print("12h: %u KiB\n", r.eax & 0xffff);
	guest_check((r.eax & 0xffff) > 500 && (r.eax & 0xffff) <= 640, "12h", "%u KiB",
		    r.eax & 0xffff);
}

static void hidden_try(uint64_t first, uint64_t last)
{
	uint64_t pages = 0, readable = 0, writable = 0;

	for (uint64_t page = first; page < last; page += PAGE_BYTES, pages++) {
		/* A different place in each page. */
		volatile uint64_t *word = (volatile uint64_t *)(page + pages % 512 * 8);
		volatile uint8_t *byte = (volatile uint8_t *)page + PAGE_BYTES - 1;

		readable += *word != ~UINT64_C(0) || *byte != 0xff;
		*word = UINT64_C(0x5a5a5a5a5a5a5a5a);
		*byte = 0;
		writable += *word != ~UINT64_C(0) || *byte != 0xff;
	}
	guest_check(readable == 0, "hidden reads as ones", "%lu of %lu pages do not", readable,
		    pages);
	guest_check(writable == 0, "hidden swallows writes", "%lu of %lu pages do not", writable,
		    pages);
	guest_print("guest: tried %lu pages\n", pages);
}

void guest_main(void)
{
	uint64_t first = 0, last = 0;
	char option[8] = "";

	e820_read();
	e820_check_order();
	option_text("hidden", option, sizeof(option));
	if (memcmp(option, "auto", 5) == 0)
		guest_check(hidden_find(&first, &last), "hidden", "no reserved range found");
	else
		option_range("hidden", &first, &last);
	old_services_check(first ? first : ~UINT64_C(0));
	if (!first)
		return;
	guest_print("hidden: 0x%lx-0x%lx\n", first, last);
	guest_check(!e820_offers(first, last), "e820 hides", "it offers part of the range");
	hidden_try(first, last);
}
