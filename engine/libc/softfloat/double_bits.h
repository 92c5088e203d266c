/* double_bits.h - a double seen as its bits and back; free, since both are in one register. */
#ifndef ENGINE_LIBC_DOUBLE_BITS_H
#define ENGINE_LIBC_DOUBLE_BITS_H

#include <stdint.h>

union double_bits {
	double value;
	uint64_t bits;
};

union float_bits {
	float value;
	uint32_t bits;
};

static inline uint64_t double_to_bits(double value)
{
	return (union double_bits){ .value = value }.bits;
}

static inline double double_from_bits(uint64_t bits)
{
	return (union double_bits){ .bits = bits }.value;
}

static inline uint32_t float_to_bits(float value)
{
	return (union float_bits){ .value = value }.bits;
}

static inline float float_from_bits(uint32_t bits)
{
	return (union float_bits){ .bits = bits }.value;
}

#endif
