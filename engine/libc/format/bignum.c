/* bignum.c - unsigned integers of fixed capacity: word-wise schoolbook arithmetic. */
#include "bignum.h"

#include "power_of_ten.h"

#include <stdlib.h>

static void bignum_trim(struct bignum *number)
{
	while (number->count > 0 && number->word[number->count - 1] == 0)
		number->count--;
}

/* Every caller stays within the capacity; to exceed it is a mistake of this library. */
static void bignum_push(struct bignum *number, uint64_t word)
{
	if (word == 0)
		return;
	if (number->count >= BIGNUM_WORDS)
		abort();
	number->word[number->count++] = word;
}

void bignum_set(struct bignum *number, uint64_t value)
{
	number->count = 0;
	bignum_push(number, value);
}

void bignum_copy(struct bignum *to, const struct bignum *from)
{
	to->count = from->count;
	for (unsigned int i = 0; i < from->count; i++)
		to->word[i] = from->word[i];
}

void bignum_multiply_add(struct bignum *number, uint64_t factor, uint64_t addend)
{
	uint64_t carry = addend;

	for (unsigned int i = 0; i < number->count; i++) {
		unsigned __int128 product = (unsigned __int128)number->word[i] * factor + carry;

		number->word[i] = (uint64_t)product;
		carry = (uint64_t)(product >> 64);
	}
	bignum_push(number, carry);
	bignum_trim(number);
}

void bignum_multiply_power_of_ten(struct bignum *number, unsigned int exponent)
{
	unsigned int left = exponent;

	/* 10^n is 5^n shifted left by n, and 5^27 is the largest in a word. */
	for (; left >= 27; left -= 27)
		bignum_multiply_add(number, power_of_five[27], 0);
	if (left > 0)
		bignum_multiply_add(number, power_of_five[left], 0);
	bignum_shift_left(number, exponent);
}

void bignum_shift_left(struct bignum *number, unsigned int bits)
{
	unsigned int words = bits / 64;
	uint64_t carry = 0;

	bits %= 64;
	if (number->count == 0)
		return;
	if (bits != 0) {
		for (unsigned int i = 0; i < number->count; i++) {
			uint64_t word = number->word[i];

			number->word[i] = word << bits | carry;
			carry = word >> (64 - bits);
		}
		bignum_push(number, carry);
	}
	if (words == 0)
		return;
	if (number->count + words > BIGNUM_WORDS)
		abort();
	for (unsigned int i = number->count; i-- > 0;)
		number->word[i + words] = number->word[i];
	for (unsigned int i = 0; i < words; i++)
		number->word[i] = 0;
	number->count += words;
}

void bignum_add(struct bignum *number, const struct bignum *addend)
{
	uint64_t carry = 0;

	while (number->count < addend->count)
		number->word[number->count++] = 0;
	for (unsigned int i = 0; i < number->count; i++) {
		unsigned __int128 sum = (unsigned __int128)number->word[i] + carry;

		if (i < addend->count)
			sum += addend->word[i];
		number->word[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	bignum_push(number, carry);
}

void bignum_subtract(struct bignum *number, const struct bignum *subtrahend)
{
	uint64_t borrow = 0;

	for (unsigned int i = 0; i < number->count; i++) {
		uint64_t taken = i < subtrahend->count ? subtrahend->word[i] : 0;
		unsigned __int128 difference = (unsigned __int128)number->word[i] - taken - borrow;

		number->word[i] = (uint64_t)difference;
		borrow = (uint64_t)(difference >> 64) & 1;
	}
	bignum_trim(number);
}

int bignum_compare(const struct bignum *a, const struct bignum *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (unsigned int i = a->count; i-- > 0;) {
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	}
	return 0;
}

uint64_t bignum_divide_word(struct bignum *number, uint64_t divisor)
{
	uint64_t remainder = 0;

	for (unsigned int i = number->count; i-- > 0;) {
		/* remainder is below divisor, so DIV cannot overflow */
		__asm__("divq %[divisor]"
			: "=a" (number->word[i]), "=d" (remainder)
			: "a" (number->word[i]), "d" (remainder), [divisor] "r" (divisor)
			: "cc");
	}
	bignum_trim(number);
	return remainder;
}

unsigned int bignum_bits(const struct bignum *number)
{
	if (number->count == 0)
		return 0;
	return number->count * 64 - (unsigned int)__builtin_clzll(number->word[number->count - 1]);
}

uint64_t bignum_top_word(const struct bignum *number, bool *rest)
{
	unsigned int count = number->count;
	unsigned int shift;
	uint64_t top;

	*rest = false;
	if (count == 0)
		return 0;
	shift = (unsigned int)__builtin_clzll(number->word[count - 1]);
	top = number->word[count - 1] << shift;
	if (count > 1 && shift > 0) {
		top |= number->word[count - 2] >> (64 - shift);
		*rest = number->word[count - 2] << shift != 0;
	} else if (count > 1) {
		*rest = number->word[count - 2] != 0;
	}
	for (unsigned int i = 0; i + 2 < count && !*rest; i++)
		*rest = number->word[i] != 0;
	return top;
}
