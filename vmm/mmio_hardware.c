/*
 * vmm/mmio_hardware.c: owns the access itself, in one piece as the device expects it, to guest
 * memory and devices but never to what is ours. No state.
 */
#include "vmm/mmio_page.h"

#include "core/memory.h"
#include "core/paging.h"
#include "vmm/access.h"

/* Is there something at this address that we may touch? */
static bool mmio_is_reachable(gpa_t gpa, uint8_t width_bytes)
{
	return gpa <= paging_direct_bytes - width_bytes &&
	       !memory_is_reserved(gpa, width_bytes);
}

/* Bytes up to the next page: what lies behind may be somewhere else altogether. */
static bool mmio_fits_page(gpa_t gpa, uint8_t width_bytes)
{
	return (gpa & PAGE_MASK) + width_bytes <= PAGE_BYTES;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	const volatile void *at = memory_direct(gpa);
	uint64_t value = 0;

	if (!mmio_is_reachable(gpa, width_bytes))
		return ~UINT64_C(0) >> (64 - 8 * width_bytes);
	if (!mmio_fits_page(gpa, width_bytes)) {
		for (unsigned i = 0; i < width_bytes; i++)
			value |= mmio_hardware_read(gpa + i, 1) << (8 * i);
		return value;
	}
	switch (width_bytes) {
	case 1:
		return *(const volatile uint8_t *)at;
	case 2:
		return *(const volatile uint16_t *)at;
	case 4:
		return *(const volatile uint32_t *)at;
	default:
		return *(const volatile uint64_t *)at;
	}
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	volatile void *at = memory_direct(gpa);

	if (!mmio_is_reachable(gpa, width_bytes))
		return;
	if (!mmio_fits_page(gpa, width_bytes)) {
		for (unsigned i = 0; i < width_bytes; i++)
			mmio_hardware_write(gpa + i, 1, value >> (8 * i));
		return;
	}
	switch (width_bytes) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
		break;
	}
}

bool mmio_hardware_exchange(gpa_t gpa, unsigned width_bytes, uint64_t old, uint64_t value)
{
	void *at = memory_direct(gpa);
	bool equal;

#define MMIO_EXCHANGE(suffix, type)                                                                \
	__asm__ volatile("lock cmpxchg" suffix " %[value], %[at]"                                  \
			 : "=@ccz"(equal), [at] "+m"(*(type *)at), "+a"(old)                       \
			 : [value] "q"((type)value)                                                \
			 : "memory")
	switch (width_bytes) {
	case 1:
		MMIO_EXCHANGE("b", uint8_t);
		break;
	case 2:
		MMIO_EXCHANGE("w", uint16_t);
		break;
	case 4:
		MMIO_EXCHANGE("l", uint32_t);
		break;
	default:
		MMIO_EXCHANGE("q", uint64_t);
		break;
	}
#undef MMIO_EXCHANGE
	return equal;
}
