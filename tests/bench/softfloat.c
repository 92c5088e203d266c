/*
 * tests/bench/softfloat.c: an engine that runs no script but measures what the soft-float helpers
 * take on the machine: the TSC, which counts instructions under QEMU's -icount, around each call.
 *
 * Prints `softfloat: NAME MEAN WORST` lines. The mean is over operands as programs have them:
 * a third of everyday size, a third small whole numbers, a third of magnitudes far apart, all with
 * both signs. The worst is over those and boundary-rich ones (subnormals, NaN, infinity, ties). The
 * call and the return are counted, the loading of arguments is not.
 */
#include "start/main.h"

#include "generate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES_ORDINARY 600
#define SAMPLES_BOUNDARY 3000
#define CALL_AND_RETURN 2
#define WARM_UP_ROUNDS 4

typedef uint64_t (*helper_t)(uint64_t a, uint64_t b);

enum operand_kind { OPERAND_ANY, OPERAND_POSITIVE, OPERAND_INTEGER };

uint64_t __adddf3(uint64_t a, uint64_t b);
uint64_t __subdf3(uint64_t a, uint64_t b);
uint64_t __muldf3(uint64_t a, uint64_t b);
uint64_t __divdf3(uint64_t a, uint64_t b);
uint64_t __ltdf2(uint64_t a, uint64_t b);
uint64_t __gedf2(uint64_t a, uint64_t b);
uint64_t __eqdf2(uint64_t a, uint64_t b);
uint64_t __floatdidf(uint64_t a, uint64_t b);
uint64_t __fixdfdi(uint64_t a, uint64_t b);

/* Doubles travel in integer registers here, so these are the same functions. */
double sqrt(double x);
double floor(double x);

/* Lines of one name stand together: their mean and worst are one figure. */
static const struct {
	const char *name;
	helper_t function;
	enum operand_kind kind;
} helpers[] = {
	{"add", __adddf3, OPERAND_ANY},
	{"add", __subdf3, OPERAND_ANY},
	{"mul", __muldf3, OPERAND_ANY},
	{"div", __divdf3, OPERAND_ANY},
	{"sqrt", (helper_t)(void (*)(void))sqrt, OPERAND_POSITIVE},
	{"compare", __ltdf2, OPERAND_ANY},
	{"compare", __gedf2, OPERAND_ANY},
	{"compare", __eqdf2, OPERAND_ANY},
	{"int_to_double", __floatdidf, OPERAND_INTEGER},
	{"double_to_int", __fixdfdi, OPERAND_ANY},
	{"floor", (helper_t)(void (*)(void))floor, OPERAND_ANY},
};

#define HELPERS (sizeof(helpers) / sizeof(helpers[0]))

struct cost {
	uint64_t total, samples, worst;
};

static uint64_t do_nothing(uint64_t a, uint64_t b)
{
	(void)b;
	return a;
}

/* The function may change what the ABI lets it change; R12 it keeps. */
static uint32_t count_ticks(helper_t function, uint64_t a, uint64_t b)
{
	uint32_t ticks;

	__asm__ volatile("rdtsc\n\t"
			 "mov %%eax, %%r12d\n\t"
			 "mov %[a], %%rdi\n\t"
			 "mov %[b], %%rsi\n\t"
			 "call *%[function]\n\t"
			 "rdtsc\n\t"
			 "sub %%r12d, %%eax"
			 : "=&a"(ticks)
			 : [function] "r"(function), [a] "r"(a), [b] "r"(b)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
	return ticks;
}

static uint64_t bits_from_parts(uint64_t sign, uint64_t exponent, uint64_t fraction)
{
	return sign << 63 | exponent << 52 | (fraction & 0x000fffffffffffffu);
}

/* 0.01 to 100, small whole numbers, or between 2^-60 and 2^60. */
static uint64_t ordinary_double(struct generator *generator, unsigned int class)
{
	uint64_t random = generate_random(generator), sign = random >> 63;

	switch (class) {
	case 0:
		return bits_from_parts(sign, 1016 + (random >> 53) % 14, random);
	case 1:
		return __floatdidf((random >> 20) % 2001, 0) | sign << 63;
	default:
		return bits_from_parts(sign, 963 + (random >> 53) % 121, random);
	}
}

/* 24 bits, small with a sign, or all 64 bits. */
static uint64_t ordinary_integer(struct generator *generator, unsigned int class)
{
	uint64_t random = generate_random(generator);

	switch (class) {
	case 0:
		return random >> 40;
	case 1:
		return random % 2001 - 1000;
	default:
		return random;
	}
}

/* What is counted around a call and its return. Bochs counts less at the first sight of code. */
static uint64_t around;

static void around_measure(void)
{
	for (unsigned int round = 0; round < WARM_UP_ROUNDS; round++)
		around = count_ticks(do_nothing, 0, 0) - CALL_AND_RETURN - 1; /* its mov */
}

static void cost_add(struct cost *cost, size_t helper, uint64_t a, uint64_t b, bool ordinary)
{
	uint64_t taken;

	if (helpers[helper].kind == OPERAND_POSITIVE && ordinary)
		a &= ~(1ull << 63);
	taken = count_ticks(helpers[helper].function, a, b) - around;
	if (ordinary) {
		cost->total += taken;
		cost->samples++;
	}
	if (taken > cost->worst)
		cost->worst = taken;
}

static void cost_measure(struct cost *cost, size_t helper, struct generator *generator)
{
	bool integer = helpers[helper].kind == OPERAND_INTEGER;
	uint64_t a, b;

	for (unsigned int sample = 0; sample < SAMPLES_ORDINARY; sample++) {
		a = ordinary_double(generator, sample % 3);
		b = ordinary_double(generator, sample % 3);
		if (integer)
			a = ordinary_integer(generator, sample % 3);
		cost_add(cost, helper, a, b, true);
	}
	for (unsigned int sample = 0; sample < SAMPLES_BOUNDARY; sample++) {
		generate_pair(generator, &a, &b);
		if (integer)
			a = generate_integer(generator);
		cost_add(cost, helper, a, b, false);
	}
}

int engine_main(void)
{
	struct generator generator = {.state = 12345};
	struct cost cost = {0};

	around_measure();
	for (size_t i = 0; i < HELPERS; i++) {
		cost_measure(&cost, i, &generator);
		if (i + 1 < HELPERS && strcmp(helpers[i + 1].name, helpers[i].name) == 0)
			continue;
		printf("softfloat: %s %lu %lu\n", helpers[i].name,
		       (unsigned long)((cost.total + cost.samples / 2) / cost.samples),
		       (unsigned long)cost.worst);
		cost = (struct cost){0};
	}
	return 0;
}
