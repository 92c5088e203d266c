/*
 * engine_libc.h - the engine's own objects, called from a host program.
 *
 * Every symbol of libc.a has the prefix engine_ here (objcopy --prefix-symbols), so that it
 * stands beside the host's. The engine passes doubles in integer registers: to the host they
 * are uint64_t (float: uint32_t).
 */
#ifndef TESTS_SOFTFLOAT_ENGINE_LIBC_H
#define TESTS_SOFTFLOAT_ENGINE_LIBC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline double value_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t float_bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline float float_value_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

#endif
