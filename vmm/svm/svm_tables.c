/*
 * vmm/svm/svm_tables.c: the I/O permission map (AMD APM v2 15.10.1) and the MSR permission map
 * (15.11), one for all vCPUs. Bits are flipped atomically; other CPUs see a change at their next
 * exit or access.
 */
#include "vmm/svm/svm.h"

#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"

#define IOPM_PAGES 3
#define MSRPM_PAGES 2

static uint8_t *svm_iopm, *svm_msrpm;

int svm_tables_init(void)
{
	svm_iopm = memory_allocate_pages(IOPM_PAGES);
	svm_msrpm = memory_allocate_pages(MSRPM_PAGES);
	return svm_iopm == NULL || svm_msrpm == NULL ? -RV_ENOMEM : 0;
}

hpa_t svm_tables_ports(void)
{
	return memory_physical(svm_iopm);
}

hpa_t svm_tables_msrs(void)
{
	return memory_physical(svm_msrpm);
}

static void svm_set_bits(uint8_t *byte, unsigned mask, bool want)
{
	if (want)
		__atomic_or_fetch(byte, (uint8_t)mask, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(byte, (uint8_t)~mask, __ATOMIC_SEQ_CST);
}

void svm_intercept_port(uint16_t port, bool want)
{
	svm_set_bits(svm_iopm + port / 8, 1u << port % 8, want);
}

/* Two bits an MSR, the lower one for reads; three ranges of 8192 MSRs. All other MSRs always exit. */
void svm_intercept_msr(uint32_t msr, bool read, bool write)
{
	static const uint32_t bases[] = { 0, 0xc0000000, 0xc0010000 };

	for (unsigned i = 0; i < ARRAY_LENGTH(bases); i++) {
		uint32_t index = msr - bases[i];
		uint8_t *byte = svm_msrpm + i * 0x800 + (index & 0x1fff) / 4;

		if (index > 0x1fff)
			continue;
		svm_set_bits(byte, 1u << index % 4 * 2, read);
		svm_set_bits(byte, 2u << index % 4 * 2, write);
	}
}
