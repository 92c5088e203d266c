/*
 * mediator/power/byte.h: one byte of a register, which is all that a region here covers, in an access
 * that touches it and may be wider.
 */
#ifndef MEDIATOR_POWER_BYTE_H
#define MEDIATOR_POWER_BYTE_H

#include "vmm/access.h"

/* Where it stands in the access's value. */
static inline unsigned power_byte_shift(const struct access *access,
					const struct access_region *region)
{
	return 8 * (unsigned)(region->first - access->address);
}

static inline uint8_t power_byte(const struct access *access, const struct access_region *region)
{
	return (uint8_t)(access->value >> power_byte_shift(access, region));
}

#endif
