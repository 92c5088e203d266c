/*
 * vmm/mtrr.c: what the MTRRs say about memory types (Intel SDM v3 12.11, AMD APM v2 7.7). No state.
 */
#include "vmm/mtrr.h"

#include "core/instructions.h"
#include "core/memory.h"

#define MTRR_VALID UINT64_C(0x800)
#define MTRR_FIXED_ENABLED UINT64_C(0x400)
#define CPUID_MTRR (UINT32_C(1) << 12)
#define WRITE_THROUGH 4u
#define OURS_CHUNK MIB(2)

static const uint32_t mtrr_fixed_registers[MTRR_FIXED_REGISTERS] = {
	MSR_MTRR_FIXED_64K,	MSR_MTRR_FIXED_16K,	MSR_MTRR_FIXED_16K + 1,
	MSR_MTRR_FIXED_4K,	MSR_MTRR_FIXED_4K + 1, MSR_MTRR_FIXED_4K + 2,
	MSR_MTRR_FIXED_4K + 3, MSR_MTRR_FIXED_4K + 4, MSR_MTRR_FIXED_4K + 5,
	MSR_MTRR_FIXED_4K + 6, MSR_MTRR_FIXED_4K + 7,
};

/* A register as it is, or as it would be. */
struct mtrr_change {
	uint32_t msr;
	uint64_t value;
};

static uint64_t mtrr_get(const struct mtrr_change *change, uint32_t msr)
{
	return msr == change->msr ? change->value : msr_read(msr);
}

static void mtrr_read_fixed(struct mtrr_set *set, const struct mtrr_change *change)
{
	for (unsigned i = 0; i < MTRR_FIXED_REGISTERS; i++) {
		uint64_t value = mtrr_get(change, mtrr_fixed_registers[i]);

		for (unsigned byte = 0; byte < 8; byte++)
			set->fixed[i * 8 + byte] = (uint8_t)(value >> 8 * byte);
	}
}

static void mtrr_read_variable(struct mtrr_set *set, const struct mtrr_change *change)
{
	set->nr_ranges = 0;
	for (unsigned i = 0; i < set->nr_registers; i++) {
		uint64_t base = mtrr_get(change, MSR_MTRR_BASE(i));
		uint64_t mask = mtrr_get(change, MSR_MTRR_MASK(i));

		if (!(mask & MTRR_VALID))
			continue;
		set->ranges[set->nr_ranges++] = (struct mtrr_range){
			.base = base & ~PAGE_MASK,
			.mask = mask & ~PAGE_MASK,
			.type = (uint8_t)base,
		};
	}
}

static bool mtrr_exist(void)
{
	return cpuid_query(1, 0).edx & CPUID_MTRR;
}

static unsigned mtrr_count(uint64_t capabilities)
{
	unsigned count = (unsigned)(capabilities & 0xff);

	return count < MTRR_VARIABLE_MAXIMUM ? count : MTRR_VARIABLE_MAXIMUM;
}

void mtrr_read(struct mtrr_set *set, uint32_t msr, uint64_t value)
{
	struct mtrr_change change = { msr, value };
	uint64_t capabilities, defaults;

	set->present = mtrr_exist();
	if (!set->present)
		return;
	capabilities = msr_read(MSR_MTRR_CAPABILITIES);
	defaults = mtrr_get(&change, MSR_MTRR_DEFAULT);
	set->nr_registers = mtrr_count(capabilities);
	set->enabled = defaults & MTRR_ENABLED;
	set->fixed_enabled = (defaults & MTRR_FIXED_ENABLED) && (capabilities >> 8 & 1);
	set->default_type = (uint8_t)defaults;
	if (set->fixed_enabled)
		mtrr_read_fixed(set, &change);
	mtrr_read_variable(set, &change);
}

/* Below 1 MiB: eight ranges of 64 KiB, sixteen of 16 KiB, sixty-four of 4 KiB. */
static uint8_t mtrr_fixed_type(const struct mtrr_set *set, hpa_t hpa)
{
	if (hpa < 0x80000)
		return set->fixed[hpa >> 16];
	if (hpa < 0xc0000)
		return set->fixed[8 + ((hpa - 0x80000) >> 14)];
	return set->fixed[24 + ((hpa - 0xc0000) >> 12)];
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

static bool mtrr_variable_type(const struct mtrr_set *set, hpa_t hpa, uint64_t length_bytes, uint8_t *type)
{
	uint64_t above = ~(length_bytes - 1);
	bool found = false;

	*type = set->default_type;
	for (unsigned i = 0; i < set->nr_ranges; i++) {
		const struct mtrr_range *range = &set->ranges[i];

		if (((hpa ^ range->base) & range->mask & above) != 0)
			continue;
		if (range->mask & ~above)
			return false; /* only a part of it */
		*type = found ? mtrr_combine(*type, range->type) : range->type;
		found = true;
	}
	return true;
}

bool mtrr_type(const struct mtrr_set *set, hpa_t hpa, uint64_t length_bytes, uint8_t *type)
{
	if (!set->present) {
		*type = MEMORY_TYPE_WRITE_BACK;
		return true;
	}
	if (!set->enabled) {
		*type = MEMORY_TYPE_UNCACHED;
		return true;
	}
	if (!set->fixed_enabled || hpa >= MIB(1))
		return mtrr_variable_type(set, hpa, length_bytes, type);
	if (length_bytes > MIB(1))
		return false;
	*type = mtrr_fixed_type(set, hpa);
	for (hpa_t at = hpa; at < hpa + length_bytes; at += PAGE_BYTES) {
		if (mtrr_fixed_type(set, at) != *type)
			return false;
	}
	return true;
}

bool mtrr_is_register(uint32_t msr)
{
	bool fixed = false;

	for (unsigned i = 0; i < MTRR_FIXED_REGISTERS; i++)
		fixed |= msr == mtrr_fixed_registers[i];
	if (!fixed && msr != MSR_MTRR_DEFAULT &&
	    (msr < MSR_MTRR_BASE(0) || msr >= MSR_MTRR_BASE(MTRR_VARIABLE_MAXIMUM)))
		return false;
	return mtrr_exist() && (fixed || msr == MSR_MTRR_DEFAULT ||
				msr < MSR_MTRR_BASE(mtrr_count(msr_read(MSR_MTRR_CAPABILITIES))));
}

static bool mtrr_agree(const struct mtrr_set *a, const struct mtrr_set *b, hpa_t hpa, uint64_t length_bytes)
{
	uint8_t type_a, type_b;

	if (mtrr_type(a, hpa, length_bytes, &type_a) && mtrr_type(b, hpa, length_bytes, &type_b))
		return type_a == type_b;
	if (length_bytes == PAGE_BYTES)
		return false;
	for (uint64_t done = 0; done < length_bytes; done += PAGE_BYTES) {
		if (!mtrr_agree(a, b, hpa + done, PAGE_BYTES))
			return false;
	}
	return true;
}

bool mtrr_keeps_ours(uint32_t msr, uint64_t value)
{
	struct mtrr_set now, then;

	mtrr_read(&now, 0, 0);
	mtrr_read(&then, msr, value);
	for (uint64_t done = 0; done < memory_reserved_bytes; done += OURS_CHUNK) {
		if (!mtrr_agree(&now, &then, memory_reserved_start + done, OURS_CHUNK))
			return false;
	}
	return true;
}
