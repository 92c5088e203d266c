/*
 * tests/escape/pages.c: memory below 1 MiB: every page that a startup IPI can name, the interrupt vector
 * table, and the vectors of a warm start and of a wake-up lead to the detector (landing.S).
 */
#include "escape.h"

#include "guest.h"

#define PAGE_BYTES 4096u
#define NOP 0x90
#define TABLE_VECTORS 256u
#define WARM_VECTOR 0x467u

extern const uint8_t smm_stub[], smm_stub_end[];
extern const uint8_t stub[], stub_end[], detector[], detector_end[], detector_by_table[], detector_seen[];

static uint32_t far_pointer(uint32_t segment, uint32_t offset)
{
	return segment << 16 | offset;
}

/* At its beginning, and behind a slide for whoever comes elsewhere in it. */
static void page_write(uint32_t page)
{
	volatile uint8_t *to = (volatile uint8_t *)((uintptr_t)page * PAGE_BYTES);
	uint32_t length = (uint32_t)(stub_end - stub);

	if (page == LOW_SMM / PAGE_BYTES)
		return;
	for (uint32_t i = 0; i < length; i++) {
		to[i] = stub[i];
		to[PAGE_BYTES - length + i] = stub[i];
	}
}

void pages_write(uint32_t first, uint32_t last)
{
	for (uint32_t page = first; page <= last; page++) {
		if (page != LOW_DETECTOR / PAGE_BYTES)
			page_write(page);
	}
}

/* A startup IPI with vector 0 runs the table itself: entry 0 reads as a jump to 80h, where entries 20h and
 * 21h read as a far jump; as pointers, they point to slides too. */
static void table_write(void)
{
	volatile uint32_t *table = (volatile uint32_t *)0;
	volatile uint8_t *at = (volatile uint8_t *)0x7ea; /* 0070:00EA, see below */

	/* Not a constant address, which a compiler takes for a mistake. */
	__asm__("" : "+r"(table));
	for (uint32_t i = 0; i < TABLE_VECTORS; i++)
		table[i] = far_pointer(0, LOW_DETECTOR + (uint32_t)(detector_by_table - detector));
	table[0] = far_pointer(0x1000, 0x7eeb);		 /* EB 7E: jmp 80h */
	table[0x20] = 0x007000eau;			 /* EA 00 70 00 00: ljmp 0:7000 */
	table[0x21] = far_pointer(0x1000, 0x0000);
	for (uint32_t i = 0; i < (uint32_t)(stub_end - stub); i++)
		at[i] = stub[i];
}

void pages_write_detector(void)
{
	memcpy((void *)(uintptr_t)LOW_DETECTOR, detector, (size_t)(detector_end - detector));
}

/* But for what it has seen, which is at its end. */
bool pages_detector_is_whole(void)
{
	return memcmp((const void *)(uintptr_t)LOW_DETECTOR, detector, (size_t)(detector_seen - detector)) == 0;
}

/* As code that runs wild may leave it. */
void pages_spoil_detector(void)
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)LOW_DETECTOR;

	at[0] = NOP;
	at[detector_seen - detector]++;
}

void pages_init(void)
{
	for (uint32_t page = 1; page < platform.low_pages_end; page++) {
		memset((void *)((uintptr_t)page * PAGE_BYTES), NOP, PAGE_BYTES);
		page_write(page);
	}
	pages_write_detector();
	memcpy((void *)(uintptr_t)LOW_SMM, smm_stub, (size_t)(smm_stub_end - smm_stub));
	table_write();
	*(volatile uint32_t *)(uintptr_t)WARM_VECTOR = far_pointer(LOW_WARM >> 4, 0);
}
