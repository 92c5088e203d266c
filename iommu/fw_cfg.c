/*
 * iommu/fw_cfg.c: the guest names the address of a descriptor by two ports, the high half first; a write of
 * the low half starts what the descriptor says. We start a copy of it, which nobody can change any more, if what
 * it is about is the guest's memory; else the guest reads in its own that it failed. Numbers are big-endian.
 *
 * fw_cfg_lock guards the copy, and keeps the ports for one CPU.
 */
#include "iommu/fw_cfg.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/guest_memory.h"

#define FW_CFG_DMA_HIGH 0x514 /* both read as a signature */
#define FW_CFG_DMA_LOW 0x518
#define FW_CFG_DMA_LAST 0x51b
#define FW_CFG_SIGNATURE_HIGH UINT32_C(0x554d4551) /* QEMU */
#define FW_CFG_SIGNATURE_LOW UINT32_C(0x47464320)  /* a blank and CFG */
#define FW_CFG_ERROR UINT32_C(0x01)
#define FW_CFG_READ UINT32_C(0x02)
#define FW_CFG_WRITE UINT32_C(0x10)

struct fw_cfg_descriptor {
	uint32_t control, length_bytes;
	uint64_t address;
};
_Static_assert(sizeof(struct fw_cfg_descriptor) == 16, "as the device has it");

static struct spinlock fw_cfg_lock;
static uint32_t fw_cfg_high; /* as it was written */
static volatile struct fw_cfg_descriptor *fw_cfg_copy;

static bool fw_cfg_is_allowed(const struct fw_cfg_descriptor *descriptor)
{
	uint32_t control = __builtin_bswap32(descriptor->control);
	uint32_t length_bytes = __builtin_bswap32(descriptor->length_bytes);

	return (control & (FW_CFG_READ | FW_CFG_WRITE)) == 0 || length_bytes == 0 ||
	       memory_is_ram(__builtin_bswap64(descriptor->address), length_bytes);
}

/* QEMU is done when the port is written. What is not done then is said to have failed. */
static uint32_t fw_cfg_perform(const struct fw_cfg_descriptor *descriptor)
{
	hpa_t at = memory_physical((const void *)(uintptr_t)fw_cfg_copy);
	uint32_t control;

	spinlock_acquire(&fw_cfg_lock);
	fw_cfg_copy->length_bytes = descriptor->length_bytes;
	fw_cfg_copy->address = descriptor->address;
	fw_cfg_copy->control = descriptor->control;
	pio_hardware_write(FW_CFG_DMA_HIGH, 4, __builtin_bswap32((uint32_t)(at >> 32)));
	pio_hardware_write(FW_CFG_DMA_LOW, 4, __builtin_bswap32((uint32_t)at));
	control = __builtin_bswap32(fw_cfg_copy->control);
	spinlock_release(&fw_cfg_lock);
	return (control & ~FW_CFG_ERROR) == 0 ? control : FW_CFG_ERROR;
}

static void fw_cfg_start(gpa_t at)
{
	struct fw_cfg_descriptor descriptor;
	uint32_t control = FW_CFG_ERROR;
	static bool told;

	if (guest_memory_read(at, &descriptor, sizeof(descriptor)) == 0) {
		if (fw_cfg_is_allowed(&descriptor))
			control = fw_cfg_perform(&descriptor);
		else if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
			log_warning("the guest wants fw_cfg to copy what is not the guest's memory: refused");
		control = __builtin_bswap32(control);
		(void)guest_memory_write(at, &control, sizeof(control));
	}
}

/* What is not 32 bits at one of the two is nothing to the device. */
static enum access_result fw_cfg_access(struct access *access, void *context)
{
	uint32_t high, value = (uint32_t)access->value;

	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	if (access->width_bytes != 4)
		return ACCESS_DONE;
	if (access->address == FW_CFG_DMA_HIGH) {
		__atomic_store_n(&fw_cfg_high, value, __ATOMIC_RELAXED);
	} else if (access->address == FW_CFG_DMA_LOW) {
		high = __atomic_exchange_n(&fw_cfg_high, 0, __ATOMIC_RELAXED);
		fw_cfg_start((uint64_t)__builtin_bswap32(high) << 32 | __builtin_bswap32(value));
	}
	return ACCESS_DONE;
}

/* The ports are read only: on other machines they may be something else. */
int fw_cfg_guard(void)
{
	static struct access_region region = {
		.first = FW_CFG_DMA_HIGH,
		.last = FW_CFG_DMA_LAST,
		.handler = fw_cfg_access,
		.band = BAND_GUARD,
	};

	if (pio_hardware_read(FW_CFG_DMA_HIGH, 4) != FW_CFG_SIGNATURE_HIGH ||
	    pio_hardware_read(FW_CFG_DMA_LOW, 4) != FW_CFG_SIGNATURE_LOW)
		return 0;
	fw_cfg_copy = memory_allocate(sizeof(*fw_cfg_copy));
	return fw_cfg_copy == NULL ? -RV_ENOMEM : pio_register(&region);
}
