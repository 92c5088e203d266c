/*
 * tests/guest/flushed.c: writes numbered records to the last virtio disk, without end, four at a time, then flushes, and says what
 * is flushed. Whoever cuts the power compares (tests/system/cuts.py). Virtual I/O Device Specification 1.2, legacy interface.
 */
#include "guest.h"

#include "instruction.h"
#include "virtio_legacy.h"

#define RECORD 4096u
#define RECORDS 256u /* places for them: then the first is written over */
#define AT_ONCE 4u

static struct ring ring __attribute__((aligned(4096)));
static struct request_header headers[AT_ONCE + 1];
static uint8_t records[AT_ONCE][RECORD] __attribute__((aligned(4096)));
static volatile uint8_t statuses[AT_ONCE + 1];
static uint16_t ports;

static void start(void)
{
	out8((uint16_t)(ports + 18), 0);
	out8((uint16_t)(ports + 18), 3);
	out32((uint16_t)(ports + 4), in32(ports) & 1u << 9); /* FLUSH */
	out16((uint16_t)(ports + 14), 0);
	out32((uint16_t)(ports + 8), (uint32_t)(uintptr_t)&ring >> 12);
	out8((uint16_t)(ports + 18), 7);
	ring.flags = 1;
}

static void offer(uint32_t which, uint32_t type, uint32_t record)
{
	struct descriptor *at = &ring.descriptors[3 * which];
	bool writes = type == OUT;

	headers[which].type = type;
	headers[which].sector = record % RECORDS * (RECORD / 512);
	statuses[which] = 0xee;
	at[0] = (struct descriptor){ (uintptr_t)&headers[which], 16, NEXT, (uint16_t)(3 * which + (writes ? 1 : 2)) };
	if (writes)
		at[1] = (struct descriptor){ (uintptr_t)records[which], RECORD, NEXT, (uint16_t)(3 * which + 2) };
	at[2] = (struct descriptor){ (uintptr_t)&statuses[which], 1, WRITE, 0 };
	ring.entries[ring.index % 256] = (uint16_t)(3 * which);
	*(volatile uint16_t *)&ring.index = (uint16_t)(ring.index + 1);
	out16((uint16_t)(ports + 16), 0);
}

static void complete(void)
{
	while (ring.used_index != ring.index)
		(void)in8((uint16_t)(ports + 18));
}

/* Its number in each 16 bytes: "record    000012". */
static void fill(uint8_t *record, uint32_t number)
{
	uint8_t text[16];

	memcpy(text, "record          ", 16);
	for (int i = 15; i >= 10; i--, number /= 10)
		text[i] = (uint8_t)('0' + number % 10);
	for (uint32_t at = 0; at < RECORD; at += sizeof(text))
		memcpy(record + at, text, sizeof(text));
}

void guest_main(void)
{
	ports = virtio_legacy_find();
	guest_check(ports != 0, "disk", "none");
	start();
	for (uint32_t number = 0;; number += AT_ONCE) {
		for (uint32_t i = 0; i < AT_ONCE; i++) {
			fill(records[i], number + i);
			offer(i, OUT, number + i);
		}
		complete();
		offer(AT_ONCE, FLUSH, 0);
		complete();
		for (uint32_t i = 0; i <= AT_ONCE; i++) {
			if (statuses[i] != 0)
				guest_print("not ok a request: %u is 0x%x\n", i, statuses[i]);
		}
		guest_print("flushed %u\n", number + AT_ONCE);
	}
}
