/*
 * tests/guest/storm_nvme.c: an NVMe controller. NVM Express 2.0c. It polls.
 */
#include "storm.h"

#define CC 0x14
#define CSTS 0x1c
#define AQA 0x24
#define ASQ 0x28
#define ACQ 0x30
#define DOORBELLS 0x1000
#define ENTRIES 16u
#define POLLS 20000u
#define FEW_POLLS 200u /* a script may have it wait, or lose it */

static uint64_t base;
static uint32_t submission[3][PAGE / 4] __attribute__((aligned(4096)));
static volatile uint32_t completion[2][PAGE / 4] __attribute__((aligned(4096)));
static uint32_t tails[3];
static bool is_set_up, is_polled;

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static bool find(void)
{
	uint32_t function = storm_find(0x010802);

	if (function == 256)
		return false;
	base = (uint64_t)config_read(function, 0x14) << 32 | (config_read(function, 0x10) & ~15u);
	return true;
}

static void await(uint32_t ready)
{
	for (uint32_t i = 0; i < POLLS && (*at(CSTS) & 1) != ready; i++)
		;
}

static void submit(unsigned queue, const uint32_t words[16])
{
	memcpy(submission[queue] + tails[queue] * 16, words, 64);
	tails[queue] = (tails[queue] + 1) % ENTRIES;
	*at(DOORBELLS + 8 * queue) = tails[queue];
}

/* An admin command whose end is waited for: of the first lap alone. */
static bool admin(uint32_t code, uint64_t memory, uint32_t word10, uint32_t word11, unsigned number)
{
	uint32_t words[16] = { code | number << 16, code == 6 && word10 == 0 ? 1 : 0, [6] = (uint32_t)memory, (uint32_t)(memory >> 32), [10] = word10, word11 };

	submit(0, words);
	for (uint32_t i = 0; i < (is_polled ? POLLS : FEW_POLLS); i++) {
		if (completion[0][4 * number + 3] >> 16 & 1) {
			*at(DOORBELLS + 4) = number + 1;
			return completion[0][4 * number + 3] >> 17 == 0;
		}
		(void)*at(CSTS);
	}
	return false;
}

static void begin(void)
{
	*at(CC) = 0;
	await(0);
	memset(tails, 0, sizeof(tails));
	memset((void *)(uintptr_t)completion, 0, sizeof(completion));
	*at(AQA) = (ENTRIES - 1) << 16 | (ENTRIES - 1);
	*at(ASQ) = (uint32_t)address_of(submission[0]);
	*at(ASQ + 4) = 0;
	*at(ACQ) = (uint32_t)address_of(completion[0]);
	*at(ACQ + 4) = 0;
	*at(CC) = 1 | 6 << 16 | 4 << 20;
	await(1);
	is_set_up = admin(6, address_of(storm_pool), 1, 0, 0) && admin(6, address_of(storm_pool), 0, 0, 1) &&
		    admin(5, address_of(completion[1]), (ENTRIES - 1) << 16 | 1, is_polled || storm_random() % 16 == 0 ? 1 : 3, 2) &&
		    admin(1, address_of(submission[1]), (ENTRIES - 1) << 16 | 1, 1 << 16 | 1, 3);
}

/* A command of any sort; the second address of what is no read or write leads devices on, and is none. */
static void give(unsigned queue)
{
	static const uint8_t codes[] = { 0, 1, 2, 1, 2, 1, 2, 4, 5, 8, 9, 0x0c, 0x0d, 0x19, 0x80 };
	static const uint8_t admin_codes[] = { 0, 1, 2, 4, 5, 6, 8, 9, 0x0a, 0x0c, 0x7c, 0x0d, 0x15, 0x81, 0xc0 };
	uint32_t words[16], count = storm_random() % 8 == 0 ? storm_random() & 0xffff : storm_random() % 40;
	bool is_data = queue != 0 && storm_random() % 4;
	uint64_t first = storm_address(), second = is_data ? storm_address() : 0;

	for (unsigned i = 0; i < 16; i++)
		words[i] = storm_random() % 4 == 0 ? storm_random() : 0;
	words[0] = (queue == 0 ? admin_codes[storm_random() % sizeof(admin_codes)] : codes[storm_random() % sizeof(codes)]) | storm_random() << 16;
	if (is_data)
		words[0] = (words[0] & 0xffff0000) | 1 | storm_random() % 2 << 1;
	if ((words[0] & 0xff) == 3)
		words[0]--;
	if (storm_random() % 16 == 0)
		words[0] |= (storm_random() & 0xc3) << 8;
	words[1] = storm_random() % 8 ? 1 : storm_random() % 4 ? storm_random() % 4 : ~0u;
	if (queue == 0)
		first = storm_random() % 8 ? storm_own_address() & ~(uint64_t)(PAGE - 1) : storm_address();
	memcpy(&words[6], &first, 8);
	memcpy(&words[8], &second, 8);
	if (queue == 0) {
		words[10] = (storm_random() % 20) << 16 | storm_random() % 5;
		words[11] = (storm_random() % 4) << 16 | storm_random() % 4;
	} else {
		words[10] = storm_lba();
		words[11] = storm_random() % 16 == 0 ? storm_random() : 0;
		words[12] = count;
	}
	submit(queue, words);
}

static void ring(void)
{
	uint64_t where = base + DOORBELLS + (storm_random() % 4 ? storm_random() % 6 * 4 : storm_random() % 300);
	uint32_t value = storm_random() % 4 ? storm_random() % (ENTRIES + 4) : storm_random();

	switch (storm_random() % 8) {
	case 0:
		*(volatile uint8_t *)(uintptr_t)where = (uint8_t)value;
		break;
	case 1:
		*(volatile uint16_t *)(uintptr_t)where = (uint16_t)value;
		break;
	case 2:
		*(volatile uint64_t *)(uintptr_t)where = (uint64_t)value << 32 | value;
		break;
	default:
		*(volatile uint32_t *)(uintptr_t)where = value;
	}
}

static void set_register(void)
{
	static const uint8_t offsets[] = { 0x0c, 0x10, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x50, 0x54 };
	uint64_t address = storm_address();

	*at(offsets[storm_random() % sizeof(offsets)]) = storm_random() % 2 ? (uint32_t)address : storm_random() % 20 * 0x10001;
}

static void step(void)
{
	switch (storm_random() % 12) {
	case 0:
	case 1:
	case 2:
	case 3:
		give(1 + (storm_random() % 8 == 0));
		break;
	case 4:
	case 5:
		give(0);
		break;
	case 6:
		ring();
		break;
	case 7:
		set_register();
		break;
	case 8:
		for (uint32_t i = storm_random() % 64; i != 0; i--)
			(void)*at(CSTS);
		break;
	case 9: /* what is asked for changes */
		submission[storm_random() % 2][storm_random() % (ENTRIES * 16)] = storm_random();
		break;
	case 10:
		if (storm_random() % 4 == 0)
			*at(CC) = storm_random() % 2 ? 0 : 1 | 6 << 16 | 4 << 20 | (storm_random() % 4) << 14;
		break;
	default:
		*at(DOORBELLS + 12) = storm_random() % ENTRIES;
	}
}

static bool read(void *page)
{
	uint64_t memory = address_of(page);
	uint32_t words[16] = { 2 | 1 << 16, 1, [6] = (uint32_t)memory, (uint32_t)(memory >> 32), [12] = 7 };

	is_polled = true; /* a queue without interrupts is waited for, which takes long where hooks delay */
	begin();
	if (!is_set_up)
		return false;
	submit(1, words);
	for (uint32_t i = 0; i < POLLS && !(completion[1][3] >> 16 & 1); i++)
		(void)*at(CSTS);
	return (completion[1][3] >> 16 & 1) && completion[1][3] >> 17 == 0;
}

const struct storm_controller storm_nvme = { "nvme", find, begin, step, read };
