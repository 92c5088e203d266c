/*
 * vmm/shutdown_status.c: byte 0Fh of CMOS memory tells a PC's firmware, after a reset, not to start anew but to
 * go on elsewhere: where the guest's vector at 40:67 leads, or ACPI's waking vector (IBM PC AT Technical
 * Reference, BIOS, shutdown codes). That is meant for resets of the CPU alone, but there is firmware that goes
 * by it after any reset, and runs the guest without us. So the byte is 0 for good; what is written there
 * vanishes.
 *
 * Chipsets have it at more ports: 74h and 75h are 70h and 71h once more, and so are 72h, 73h, 76h and 77h unless
 * they lead to further bytes (Intel ICH data sheets, RTC I/O registers). There byte 0Fh is another one, which
 * cannot be written either then.
 *
 * cmos_lock guards the indexes that the guest has chosen, and holds index and data together.
 */
#include "vmm/shutdown_status.h"

#include "core/spinlock.h"
#include "vmm/access.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_LAST 0x77
#define CMOS_PAIRS 4 /* of an index and a data port */
#define CMOS_INDEX_MASK 0x7f /* bit 7 masks NMIs */
#define CMOS_SHUTDOWN_STATUS 0x0f

static struct spinlock cmos_lock;
static uint8_t cmos_index[CMOS_PAIRS];
static bool cmos_is_chosen[CMOS_PAIRS] = { true }; /* the guest has chosen it */

/* An index port is even, its data port follows. */
static void cmos_write_byte(uint16_t port, uint8_t value)
{
	unsigned pair = (port - CMOS_INDEX) / 2u;

	if ((port & 1) == 0) {
		cmos_index[pair] = value;
		cmos_is_chosen[pair] = true;
	} else if (cmos_is_chosen[pair]) {
		if ((cmos_index[pair] & CMOS_INDEX_MASK) == CMOS_SHUTDOWN_STATUS)
			return;
		/* The host reads the clock too, and another pair may lead to the same index. */
		pio_hardware_write((uint16_t)(port - 1), 1, cmos_index[pair]);
	} else {
		/* Which byte that is, nobody has said here; where the pair is an alias, another has. */
		for (unsigned other = 0; other < CMOS_PAIRS; other++) {
			if ((cmos_index[other] & CMOS_INDEX_MASK) == CMOS_SHUTDOWN_STATUS)
				return;
		}
	}
	pio_hardware_write(port, 1, value);
}

/* A wide access is one of each of its bytes, as the bus makes of it; those outside pass as they are. */
static enum access_result cmos_access(struct access *access, void *context)
{
	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	spinlock_acquire(&cmos_lock);
	for (unsigned i = 0; i < access->width_bytes; i++) {
		uint16_t port = (uint16_t)(access->address + i);
		uint8_t value = (uint8_t)(access->value >> 8 * i);

		if (port >= CMOS_INDEX && port <= CMOS_LAST)
			cmos_write_byte(port, value);
		else
			pio_hardware_write(port, 1, value);
	}
	spinlock_release(&cmos_lock);
	return ACCESS_DONE;
}

static struct access_region cmos_region = {
	.first = CMOS_INDEX,
	.last = CMOS_LAST,
	.handler = cmos_access,
	.band = BAND_GUARD,
};

void shutdown_status_clear(void)
{
	pio_hardware_write(CMOS_INDEX, 1, CMOS_SHUTDOWN_STATUS);
	pio_hardware_write(CMOS_DATA, 1, 0);
	pio_hardware_write(CMOS_INDEX, 1, cmos_index[0]);
}

int shutdown_status_guard(void)
{
	shutdown_status_clear();
	return pio_register(&cmos_region);
}
