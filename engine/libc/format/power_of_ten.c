/*
 * power_of_ten.c - 10^n to 128 bits: a table in steps of 28, times an exact small power of five.
 */
#include "power_of_ten.h"

#include <stdbool.h>
#include <stdint.h>

#define POWER_STEP	28
#define POWER_LEAST	(-13)

/* The leading 128 bits of 10^(28 * (i - 13)), high and low, truncated. */
static const uint64_t power_table[][2] = {
	{ 0xe1afa13afbd14d6dULL, 0x82189c09a3a1ec21ULL },	/* 10^-364 */
	{ 0xe3e27a444d8d98b7ULL, 0xfd1b1b2308169b25ULL },	/* 10^-336 */
	{ 0xe61acf033d1a45dfULL, 0x6fb92487298e33bdULL },	/* 10^-308 */
	{ 0xe858ad248f5c22c9ULL, 0xd1b3400f8f9cff68ULL },	/* 10^-280 */
	{ 0xea9c227723ee8bcbULL, 0x465e15a979c1cadcULL },	/* 10^-252 */
	{ 0xece53cec4a314ebdULL, 0xa4f8bf5635246428ULL },	/* 10^-224 */
	{ 0xef340a98172aace4ULL, 0x86fb897116c87c34ULL },	/* 10^-196 */
	{ 0xf18899b1bc3f8ca1ULL, 0xdc44e6c3cb279ac1ULL },	/* 10^-168 */
	{ 0xf3e2f893dec3f126ULL, 0x5a89dba3c3efccfaULL },	/* 10^-140 */
	{ 0xf64335bcf065d37dULL, 0x4d4617b5ff4a16d5ULL },	/* 10^-112 */
	{ 0xf8a95fcf88747d94ULL, 0x75a44c6397ce912aULL },	/* 10^-84 */
	{ 0xfb158592be068d2eULL, 0xeed6e2f0f0d56712ULL },	/* 10^-56 */
	{ 0xfd87b5f28300ca0dULL, 0x8bca9d6e188853fcULL },	/* 10^-28 */
	{ 0x8000000000000000ULL, 0x0000000000000000ULL },	/* 10^0 */
	{ 0x813f3978f8940984ULL, 0x4000000000000000ULL },	/* 10^28 */
	{ 0x82818f1281ed449fULL, 0xbff8f10e7a8921a4ULL },	/* 10^56 */
	{ 0x83c7088e1aab65dbULL, 0x792667c6da79e0faULL },	/* 10^84 */
	{ 0x850fadc09923329eULL, 0x03e2cf6bc604ddb0ULL },	/* 10^112 */
	{ 0x865b86925b9bc5c2ULL, 0x0b8a2392ba45a9b2ULL },	/* 10^140 */
	{ 0x87aa9aff79042286ULL, 0x90fb44d2f05d0842ULL },	/* 10^168 */
	{ 0x88fcf317f22241e2ULL, 0x441fece3bdf81f03ULL },	/* 10^196 */
	{ 0x8a5296ffe33cc92fULL, 0x82bd6b70d99aaa6fULL },	/* 10^224 */
	{ 0x8bab8eefb6409c1aULL, 0x1ad089b6c2f7548eULL },	/* 10^252 */
	{ 0x8d07e33455637eb2ULL, 0xdb0b487b6423e1e8ULL },	/* 10^280 */
	{ 0x8e679c2f5e44ff8fULL, 0x570f09eaa7ea7648ULL },	/* 10^308 */
	{ 0x8fcac257558ee4e6ULL, 0x213a4f0aa5e8a7b1ULL },	/* 10^336 */
};

/* 5^n, n being its index; 5^27 is the largest in 64 bits. */
const uint64_t power_of_five[POWER_STEP] = {
	1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625,
	1220703125, 6103515625, 30517578125, 152587890625, 762939453125, 3814697265625,
	19073486328125, 95367431640625, 476837158203125, 2384185791015625, 11920928955078125,
	59604644775390625, 298023223876953125, 1490116119384765625, 7450580596923828125,
};

void power_of_ten(struct power_of_ten *power, int n)
{
	/* floor(n / 28) for n of POWER_OF_TEN_LEAST and more */
	int step = (n - POWER_LEAST * POWER_STEP) / POWER_STEP;
	int rest = n - (step + POWER_LEAST) * POWER_STEP;
	uint64_t five = power_of_five[rest];
	unsigned int shift = (unsigned int)__builtin_clzll(five);
	unsigned __int128 low;
	unsigned __int128 high;

	five <<= shift;
	low = (unsigned __int128)power_table[step][1] * five;
	high = (unsigned __int128)power_table[step][0] * five + (uint64_t)(low >> 64);
	power->high = (uint64_t)(high >> 64);
	power->low = (uint64_t)high;
	if (power->high >> 63 == 0) {
		power->high = power->high << 1 | power->low >> 63;
		power->low = power->low << 1 | (uint64_t)low >> 63;
	}
	/* floor(n * log2(10)): the constant is log2(10) * 2^16, good for |n| up to 400 */
	power->exponent = ((n * 217706) >> 16) - 127;
	/* 5^55 has 128 bits: up to there nothing was cut off */
	power->exact = n >= 0 && n <= 55;
}

bool scaled_multiply(struct scaled *product, uint64_t factor, const struct power_of_ten *power)
{
	unsigned __int128 low = (unsigned __int128)power->low * factor;
	unsigned __int128 high = (unsigned __int128)power->high * factor + (uint64_t)(low >> 64);

	product->word[2] = (uint64_t)(high >> 64);
	product->word[1] = (uint64_t)high;
	product->word[0] = (uint64_t)low;
	return power->exact;
}
