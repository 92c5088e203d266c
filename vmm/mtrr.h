/*
 * vmm/mtrr.h: memory types by the MTRRs (Intel SDM v3 12.11, AMD APM v2 7.7).
 */
#ifndef VMM_MTRR_H
#define VMM_MTRR_H

#include "rv/types.h"

#define MSR_MTRR_CAPABILITIES 0xfeu
#define MSR_MTRR_BASE(n) (0x200u + 2 * (n))
#define MSR_MTRR_MASK(n) (0x201u + 2 * (n))
#define MSR_MTRR_FIXED_64K 0x250u
#define MSR_MTRR_FIXED_16K 0x258u
#define MSR_MTRR_FIXED_4K 0x268u
#define MSR_MTRR_DEFAULT 0x2ffu
#define MTRR_ENABLED UINT64_C(0x800) /* in MSR_MTRR_DEFAULT */
#define MTRR_FIXED_REGISTERS 11
#define MTRR_VARIABLE_MAXIMUM 16

#define MEMORY_TYPE_UNCACHED 0u
#define MEMORY_TYPE_WRITE_BACK 6u

/* What the registers of a CPU say. */
struct mtrr_set {
	bool present, enabled, fixed_enabled;
	uint8_t default_type;
	unsigned nr_registers, nr_ranges;
	struct mtrr_range {
		uint64_t base, mask; /* the page-aligned parts */
		uint8_t type;
	} ranges[MTRR_VARIABLE_MAXIMUM];
	uint8_t fixed[MTRR_FIXED_REGISTERS * 8]; /* types of 64, 16 and 4 KiB ranges */
};

/* Reads this CPU's registers, but for `msr`, which is taken to hold `value`; 0: all as they are. */
void mtrr_read(struct mtrr_set *set, uint32_t msr, uint64_t value);

/* The type of a naturally aligned range of a power of two bytes, a page at least. False: it has several. */
bool mtrr_type(const struct mtrr_set *set, hpa_t hpa, uint64_t length_bytes, uint8_t *type);

/* Is it one of this CPU's registers, whether it has the fixed ones or not? */
bool mtrr_is_register(uint32_t msr);

/* Does our own memory keep its type if that register gets the value on this CPU? */
bool mtrr_keeps_ours(uint32_t msr, uint64_t value);

#endif
