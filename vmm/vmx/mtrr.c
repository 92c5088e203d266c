/*
 * vmm/vmx/mtrr.c: what the MTRRs say about memory types (Intel SDM v3 12.11). EPT takes no notice of
 * the MTRRs, so its entries must hold what they say. A copy of the registers is kept; ept.c's lock
 * guards it.
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"

#define MTRR_VARIABLE_MAXIMUM 16
#define MTRR_VALID UINT64_C(0x800)
#define MTRR_ENABLED UINT64_C(0x800)
#define MTRR_FIXED_ENABLED UINT64_C(0x400)
#define MTRR_FIXED_REGISTERS 11
#define CPUID_MTRR (UINT32_C(1) << 12)
#define WRITE_THROUGH 4u

struct mtrr_range {
	uint64_t base, mask; /* the page-aligned parts */
	uint8_t type;
};

static bool mtrr_present, mtrr_enabled, mtrr_fixed_enabled;
static uint8_t mtrr_default_type;
static struct mtrr_range mtrr_ranges[MTRR_VARIABLE_MAXIMUM];
static unsigned mtrr_nr_ranges, mtrr_nr_registers;
static uint8_t mtrr_fixed[MTRR_FIXED_REGISTERS * 8]; /* types of 64, 16 and 4 KiB ranges */

static const uint32_t mtrr_fixed_registers[MTRR_FIXED_REGISTERS] = {
	MSR_MTRR_FIXED_64K,	MSR_MTRR_FIXED_16K,	MSR_MTRR_FIXED_16K + 1,
	MSR_MTRR_FIXED_4K,	MSR_MTRR_FIXED_4K + 1, MSR_MTRR_FIXED_4K + 2,
	MSR_MTRR_FIXED_4K + 3, MSR_MTRR_FIXED_4K + 4, MSR_MTRR_FIXED_4K + 5,
	MSR_MTRR_FIXED_4K + 6, MSR_MTRR_FIXED_4K + 7,
};

static void mtrr_read_fixed(void)
{
	for (unsigned i = 0; i < MTRR_FIXED_REGISTERS; i++) {
		uint64_t value = msr_read(mtrr_fixed_registers[i]);

		for (unsigned byte = 0; byte < 8; byte++)
			mtrr_fixed[i * 8 + byte] = (uint8_t)(value >> 8 * byte);
	}
}

static void mtrr_read_variable(void)
{
	mtrr_nr_ranges = 0;
	for (unsigned i = 0; i < mtrr_nr_registers; i++) {
		uint64_t base = msr_read(MSR_MTRR_BASE(i)), mask = msr_read(MSR_MTRR_MASK(i));

		if (!(mask & MTRR_VALID))
			continue;
		mtrr_ranges[mtrr_nr_ranges++] = (struct mtrr_range){
			.base = base & ~PAGE_MASK,
			.mask = mask & ~PAGE_MASK,
			.type = (uint8_t)base,
		};
	}
}

void mtrr_read(void)
{
	uint64_t capabilities, defaults;

	mtrr_present = cpuid_query(1, 0).edx & CPUID_MTRR;
	if (!mtrr_present)
		return;
	capabilities = msr_read(MSR_MTRR_CAPABILITIES);
	defaults = msr_read(MSR_MTRR_DEFAULT);
	mtrr_nr_registers = (unsigned)(capabilities & 0xff);
	if (mtrr_nr_registers > MTRR_VARIABLE_MAXIMUM)
		mtrr_nr_registers = MTRR_VARIABLE_MAXIMUM;
	mtrr_enabled = defaults & MTRR_ENABLED;
	mtrr_fixed_enabled = (defaults & MTRR_FIXED_ENABLED) && (capabilities >> 8 & 1);
	mtrr_default_type = (uint8_t)defaults;
	if (mtrr_fixed_enabled)
		mtrr_read_fixed();
	mtrr_read_variable();
}

/* Below 1 MiB: eight ranges of 64 KiB, sixteen of 16 KiB, sixty-four of 4 KiB. */
static uint8_t mtrr_fixed_type(hpa_t hpa)
{
	if (hpa < 0x80000)
		return mtrr_fixed[hpa >> 16];
	if (hpa < 0xc0000)
		return mtrr_fixed[8 + ((hpa - 0x80000) >> 14)];
	return mtrr_fixed[24 + ((hpa - 0xc0000) >> 12)];
}

/* Where ranges overlap (12.11.4.1): uncached wins, write-through wins over write-back; anything else
 * is undefined, so it is uncached. */
static uint8_t mtrr_combine(uint8_t a, uint8_t b)
{
	if (a == b)
		return a;
	if ((a == WRITE_THROUGH && b == MEMORY_TYPE_WRITE_BACK) ||
	    (b == WRITE_THROUGH && a == MEMORY_TYPE_WRITE_BACK))
		return WRITE_THROUGH;
	return MEMORY_TYPE_UNCACHED;
}

static bool mtrr_variable_type(hpa_t hpa, uint64_t length_bytes, uint8_t *type)
{
	uint64_t above = ~(length_bytes - 1);
	bool found = false;

	*type = mtrr_default_type;
	for (unsigned i = 0; i < mtrr_nr_ranges; i++) {
		const struct mtrr_range *range = &mtrr_ranges[i];

		if (((hpa ^ range->base) & range->mask & above) != 0)
			continue;
		if (range->mask & ~above)
			return false; /* only a part of it */
		*type = found ? mtrr_combine(*type, range->type) : range->type;
		found = true;
	}
	return true;
}

bool mtrr_type(hpa_t hpa, uint64_t length_bytes, uint8_t *type)
{
	if (!mtrr_present) {
		*type = MEMORY_TYPE_WRITE_BACK;
		return true;
	}
	if (!mtrr_enabled) {
		*type = MEMORY_TYPE_UNCACHED;
		return true;
	}
	if (!mtrr_fixed_enabled || hpa >= MIB(1))
		return mtrr_variable_type(hpa, length_bytes, type);
	if (length_bytes > MIB(1))
		return false;
	*type = mtrr_fixed_type(hpa);
	for (hpa_t at = hpa; at < hpa + length_bytes; at += PAGE_BYTES) {
		if (mtrr_fixed_type(at) != *type)
			return false;
	}
	return true;
}

bool mtrr_is_register(uint32_t msr)
{
	for (unsigned i = 0; i < MTRR_FIXED_REGISTERS; i++) {
		if (msr == mtrr_fixed_registers[i])
			return true;
	}
	return msr == MSR_MTRR_DEFAULT ||
	       (msr >= MSR_MTRR_BASE(0) && msr < MSR_MTRR_BASE(mtrr_nr_registers));
}
