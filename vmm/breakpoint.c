/*
 * vmm/breakpoint.c: what DR0 to DR3 and DR7 say about an access.
 */
#include "vmm/breakpoint.h"

#define BREAKPOINTS 4
#define KIND_WRITE 1u
#define KIND_PORT 2u
#define KIND_ACCESS 3u

static bool breakpoint_is_enabled(uint64_t dr7, unsigned number)
{
	return (dr7 >> 2 * number & 3) != 0;
}

static unsigned breakpoint_kind(uint64_t dr7, unsigned number)
{
	return dr7 >> (16 + 4 * number) & 3;
}

/* One, two, eight, four. */
static unsigned breakpoint_bytes(uint64_t dr7, unsigned number)
{
	static const uint8_t bytes[] = { 1, 2, 8, 4 };

	return bytes[dr7 >> (18 + 4 * number) & 3];
}

static bool breakpoint_is_about(unsigned kind, enum breakpoint_access access, bool ports)
{
	if (access == BREAKPOINT_PORT)
		return kind == KIND_PORT && ports;
	return kind == KIND_ACCESS || (kind == KIND_WRITE && access == BREAKPOINT_WRITE);
}

unsigned breakpoint_match(struct vcpu *vcpu, enum breakpoint_access access, uint64_t address,
			  unsigned width_bytes)
{
	uint64_t dr7 = vcpu_ops->get_debug(vcpu, 7);
	unsigned hits = 0;
	bool ports;

	if ((dr7 & BREAKPOINT_DR7_ENABLED) == 0)
		return 0;
	ports = (vcpu_ops->get_control(vcpu, 4) & CR4_DE) != 0;
	for (unsigned number = 0; number < BREAKPOINTS; number++) {
		unsigned bytes = breakpoint_bytes(dr7, number);
		uint64_t first = vcpu_ops->get_debug(vcpu, number) & ~(uint64_t)(bytes - 1);

		if (breakpoint_is_enabled(dr7, number) &&
		    breakpoint_is_about(breakpoint_kind(dr7, number), access, ports) &&
		    address < first + bytes && first < address + width_bytes)
			hits |= 1u << number;
	}
	return hits;
}
