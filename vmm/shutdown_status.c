/*
 * vmm/shutdown_status.c: byte 0Fh of CMOS memory tells a PC's firmware, after a reset, not to start anew but to
 * go on elsewhere: where the guest's vector at 40:67 leads, or ACPI's waking vector (IBM PC AT Technical
 * Reference, BIOS, shutdown codes). That is meant for resets of the CPU alone, but there is firmware that goes
 * by it after any reset, and runs the guest without us. So the byte is 0 for good; what is written there
 * vanishes.
 *
 * cmos_lock guards the index that the guest has chosen, and holds index and data together.
 */
#include "vmm/shutdown_status.h"

#include "core/spinlock.h"
#include "vmm/access.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_INDEX_MASK 0x7f /* bit 7 masks NMIs */
#define CMOS_SHUTDOWN_STATUS 0x0f

static struct spinlock cmos_lock;
static uint8_t cmos_index;

static void cmos_write_byte(uint16_t port, uint8_t value)
{
	if (port == CMOS_INDEX)
		cmos_index = value;
	if (port == CMOS_DATA) {
		if ((cmos_index & CMOS_INDEX_MASK) == CMOS_SHUTDOWN_STATUS)
			return;
		/* The host reads the clock too. */
		pio_hardware_write(CMOS_INDEX, 1, cmos_index);
	}
	pio_hardware_write(port, 1, value);
}

/* A wide access is one of each of its bytes, as the bus makes of it. */
static enum access_result cmos_access(struct access *access, void *context)
{
	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	spinlock_acquire(&cmos_lock);
	for (unsigned i = 0; i < access->width_bytes; i++)
		cmos_write_byte((uint16_t)(access->address + i), (uint8_t)(access->value >> 8 * i));
	spinlock_release(&cmos_lock);
	return ACCESS_DONE;
}

static struct access_region cmos_region = {
	.first = CMOS_INDEX,
	.last = CMOS_DATA,
	.handler = cmos_access,
	.guard = true,
};

int shutdown_status_guard(void)
{
	pio_hardware_write(CMOS_INDEX, 1, CMOS_SHUTDOWN_STATUS);
	pio_hardware_write(CMOS_DATA, 1, 0);
	pio_hardware_write(CMOS_INDEX, 1, cmos_index);
	return pio_register(&cmos_region);
}
