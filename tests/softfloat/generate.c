/* generate.c - boundary-rich operands. */
#include "generate.h"

#define SIGN		0x8000000000000000ULL
#define FRACTION	0x000fffffffffffffULL

static const uint64_t special_doubles[] = {
	0x0000000000000000ULL,	/* 0 */
	0x0000000000000001ULL,	/* the smallest subnormal */
	0x0000000000000002ULL,
	0x000fffffffffffffULL,	/* the largest subnormal */
	0x0010000000000000ULL,	/* the smallest normal */
	0x0010000000000001ULL,
	0x001fffffffffffffULL,
	0x3fe0000000000000ULL,	/* 1/2 */
	0x3fdfffffffffffffULL,
	0x3fe0000000000001ULL,
	0x3fefffffffffffffULL,
	0x3ff0000000000000ULL,	/* 1 */
	0x3ff0000000000001ULL,
	0x3ff8000000000000ULL,	/* 3/2 */
	0x4000000000000000ULL,
	0x4008000000000000ULL,
	0x41dfffffffc00000ULL,	/* 2^31 - 1 */
	0x41e0000000000000ULL,	/* 2^31 */
	0x41efffffffe00000ULL,	/* 2^32 - 1 */
	0x41f0000000000000ULL,
	0x4330000000000000ULL,	/* 2^52 */
	0x433fffffffffffffULL,
	0x4340000000000000ULL,	/* 2^53 */
	0x43dfffffffffffffULL,	/* below 2^63 */
	0x43e0000000000000ULL,	/* 2^63 */
	0x43efffffffffffffULL,
	0x43f0000000000000ULL,	/* 2^64 */
	0x47efffffe0000000ULL,	/* the largest float */
	0x47effffff0000000ULL,	/* halfway to the next */
	0x7fe0000000000000ULL,
	0x7fefffffffffffffULL,	/* the largest */
	0x7ff0000000000000ULL,	/* infinity */
	0x7ff0000000000001ULL,	/* signaling NaN */
	0x7ff7ffffffffffffULL,
	0x7ff8000000000000ULL,	/* quiet NaN */
	0x7ff8dead0000beefULL,
	0x7fffffffffffffffULL,
};

#define SPECIAL_DOUBLES (sizeof(special_doubles) / sizeof(special_doubles[0]))

static uint64_t generate_fraction(struct generator *generator)
{
	uint64_t random = generate_random(generator);
	unsigned int place = (unsigned int)(random >> 8) % 53;
	unsigned int other = (unsigned int)(random >> 16) % 53;

	switch (random % 12) {
	case 0: return 0;
	case 1: return 1;
	case 2: return FRACTION;
	case 3: return FRACTION - 1;
	case 4: return FRACTION & (1ULL << place);
	case 5: return FRACTION & ((1ULL << place) - 1);
	case 6: return FRACTION & ~((1ULL << place) - 1);
	case 7: return FRACTION & ~(1ULL << place);
	case 8: return FRACTION & ((1ULL << place) | (1ULL << other));
	case 9: return FRACTION & (generate_random(generator) << place);
	default: return FRACTION & generate_random(generator);
	}
}

static uint64_t generate_exponent(struct generator *generator)
{
	uint64_t random = generate_random(generator);
	uint64_t small = (random >> 8) % 4;

	switch (random % 8) {
	case 0: return small;
	case 1: return 0x7ff - small;
	case 2: return 1023 + (random >> 8) % 66 - 1;
	case 3: return 1023 - (random >> 8) % 66;
	case 4: return 897 + (random >> 8) % 6 - 3 - ((random >> 16) % 30);
	default: return (random >> 8) % 0x800;
	}
}

uint64_t generate_double(struct generator *generator)
{
	uint64_t random = generate_random(generator);
	uint64_t sign = random & SIGN;

	if (random % 16 == 0)
		return sign | special_doubles[(random >> 8) % SPECIAL_DOUBLES];
	return sign | generate_exponent(generator) << 52 | generate_fraction(generator);
}

void generate_pair(struct generator *generator, uint64_t *a, uint64_t *b)
{
	uint64_t random = generate_random(generator);
	uint64_t sign = random & SIGN;
	int64_t exponent;
	int64_t wanted;

	*a = generate_double(generator);
	*b = generate_double(generator);
	exponent = (int64_t)(*a >> 52 & 0x7ff);
	switch (random % 10) {
	case 0:
		/* neighbours, of one sign or two: cancellation */
		*b = (*a + (random >> 8) % 9 - 4) ^ sign;
		return;
	case 1:
	case 2:
		/* exponents near each other: alignment and sticky bits */
		wanted = exponent + (int64_t)((random >> 8) % 131) - 65;
		break;
	case 3:
		/* a product at the lower or the upper edge */
		wanted = (random >> 8) % 2 ? 1023 - exponent : 3070 - exponent;
		wanted += (int64_t)((random >> 16) % 9) - 4 - (int64_t)((random >> 24) % 2 * 52);
		break;
	case 4:
		/* a quotient at an edge */
		wanted = (random >> 8) % 2 ? exponent + 1023 : exponent - 1023;
		wanted += (int64_t)((random >> 16) % 9) - 4 + (int64_t)((random >> 24) % 2 * 52);
		break;
	default:
		return;
	}
	if (wanted < 0)
		wanted = 0;
	if (wanted > 0x7ff)
		wanted = 0x7ff;
	*b = (*b & ~(0x7ffULL << 52)) | (uint64_t)wanted << 52;
}

uint32_t generate_float(struct generator *generator)
{
	uint64_t random = generate_random(generator);
	uint32_t fraction = (uint32_t)(generate_fraction(generator) >> 29);
	uint32_t exponent = (uint32_t)(random >> 16) & 0xff;

	if (random % 8 == 0)
		exponent = (uint32_t)(random >> 8) % 3;
	if (random % 8 == 1)
		exponent = 0xff - (uint32_t)(random >> 8) % 3;
	if (random % 8 == 2)
		exponent = 127 + (uint32_t)(random >> 8) % 32 - 4;
	return (uint32_t)(random >> 32 & 0x80000000U) | exponent << 23 | (fraction & 0x7fffff);
}

uint64_t generate_integer(struct generator *generator)
{
	uint64_t random = generate_random(generator);
	uint64_t value = generate_random(generator) >> ((random >> 8) % 64);
	unsigned int place = (unsigned int)(random >> 16) % 64;

	switch (random % 8) {
	case 0: value = 1ULL << place; break;
	case 1: value = (1ULL << place) - 1; break;
	case 2: value = (1ULL << place) + 1; break;
	case 3: value = (1ULL << 63) | (1ULL << place) | (random >> 24 & 1); break;
	case 4: value |= (1ULL << place) - 1; break;
	default: break;
	}
	return random >> 40 & 1 ? -value : value;
}
