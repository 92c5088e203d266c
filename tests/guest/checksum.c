/*
 * tests/guest/checksum.c: proof that a guest is alive and unharmed: it computes over 1 MiB of its
 * memory for some rounds, touching what a script hooks in between, and the end must fit.
 *
 * Options: rounds=N (default 64); touch=port|cpuid|msr|mmio|pci|none (default port), at=NUMBER,
 * what is touched each round; value=NUMBER is written there after the read if given; expect=NUMBER
 * what reads must give, from round after=N on (default 0); count=N touches as many addresses from
 * there on, each round; other=PORT is read as well, and must give other_expect=NUMBER.
 */
#include "guest.h"

#include "instruction.h"

#define BLOCK_WORDS (1024 * 1024 / 8)

static uint64_t block[BLOCK_WORDS];

struct touch {
	char what[16];
	uint64_t at, first, count, value, expected, after, seen, faults, mismatches;
	uint64_t other, other_expected, other_mismatches;
	bool write, compare, have_other;
};

static void touch_perform(void *context)
{
	struct touch *touch = context;
	uint16_t port = (uint16_t)touch->at;

	if (memcmp(touch->what, "port", 5) == 0) {
		touch->seen = in8(port);
		if (touch->write)
			out8(port, (uint8_t)touch->value);
	} else if (memcmp(touch->what, "cpuid", 6) == 0) {
		touch->seen = cpuid((uint32_t)touch->at, 0).eax;
	} else if (memcmp(touch->what, "msr", 4) == 0) {
		touch->seen = msr_read((uint32_t)touch->at);
		if (touch->write)
			msr_write((uint32_t)touch->at, touch->value);
	} else if (memcmp(touch->what, "mmio", 5) == 0) {
		touch->seen = *(volatile uint32_t *)touch->at;
		if (touch->write)
			*(volatile uint32_t *)touch->at = (uint32_t)touch->value;
	} else if (memcmp(touch->what, "pci", 4) == 0) {
		out32(0xcf8, 0x80000000u | (uint32_t)touch->at);
		touch->seen = in32(0xcfc);
		if (touch->write)
			out32(0xcfc, (uint32_t)touch->value);
	}
}

/* One round: each word becomes a mix of itself and its neighbour. xorshift64*, so that a single
 * wrong bit spreads. */
static uint64_t checksum_round(uint64_t sum)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t x = block[i] ^ sum;

		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		block[i] = x;
		sum = sum * UINT64_C(0x2545f4914f6cdd1d) + x;
	}
	return sum;
}

static void touch_round(struct touch *touch, uint64_t round)
{
	for (touch->at = touch->first; touch->at < touch->first + touch->count; touch->at++) {
		if (fault_catch(touch_perform, touch) >= 0)
			touch->faults++;
		else if (touch->compare && round >= touch->after && touch->seen != touch->expected)
			touch->mismatches++;
	}
	if (touch->have_other && in8((uint16_t)touch->other) != touch->other_expected)
		touch->other_mismatches++;
}

static uint64_t checksum_compute(uint64_t rounds, struct touch *touch)
{
	uint64_t sum = 1;

	for (size_t i = 0; i < BLOCK_WORDS; i++)
		block[i] = i;
	for (uint64_t round = 0; round < rounds; round++) {
		sum = checksum_round(sum);
		if (touch)
			touch_round(touch, round);
	}
	return sum;
}

static void touch_from_options(struct touch *touch)
{
	option_text("touch", touch->what, sizeof(touch->what));
	touch->first = option_number_or("at", 0x80);
	touch->count = option_number_or("count", 1);
	option_number("after", &touch->after);
	touch->write = option_number("value", &touch->value);
	touch->compare = option_number("expect", &touch->expected);
	touch->have_other = option_number("other", &touch->other);
	option_number("other_expect", &touch->other_expected);
}

void guest_main(void)
{
	struct touch touch = {.what = "port"};
	uint64_t rounds = option_number_or("rounds", 64), alone, touching;

	touch_from_options(&touch);
	touching = checksum_compute(rounds, &touch);
	guest_print("guest: %s 0x%lx read 0x%lx, %lu faults\n", touch.what, touch.first, touch.seen,
		    touch.faults);
	if (touch.compare)
		guest_check(touch.mismatches == 0, "reads", "%lu of %lu differ from 0x%lx, last 0x%lx",
			    touch.mismatches, rounds * touch.count, touch.expected, touch.seen);
	if (touch.have_other)
		guest_check(touch.other_mismatches == 0, "other reads", "%lu of %lu differ",
			    touch.other_mismatches, rounds);
	alone = checksum_compute(rounds, NULL);
	guest_check(alone == touching, "checksum", "0x%lx while touching, 0x%lx alone", touching,
		    alone);
}
