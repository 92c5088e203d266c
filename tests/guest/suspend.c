/*
 * tests/guest/suspend.c: a guest that suspends to RAM, where that is allowed, with a waking vector of its own
 * (suspend_low.S), and as a guest that means harm.
 *
 * Options: how=vector: nothing else; how=none: without a waking vector; how=tables: the FADT names another FACS, which
 * firmware would go by; how=facs: the FACS has lost its name. But for the first, the machine must not sleep.
 */
#include "guest.h"

#include "instruction.h"

#define VECTOR UINT32_C(0x20008)
#define STATUS_BACK 4 /* from PM1's control register to its status */
#define WAKE_STATUS 0x8000u
#define SLEEP_ENABLE 0x2000u
#define SLEEP_TYPE 0x0400u /* on the chipsets that emulators have */

#define FADT_FACS 36
#define FADT_X_FACS 132
#define FACS_BYTES 64
#define FACS_VECTOR 12

extern const uint8_t suspend_low[], suspend_low_end[], suspend_low_control[];

static uint8_t other_facs[FACS_BYTES] __attribute__((aligned(64)));

static uint8_t *find_facs(uint8_t *fadt)
{
	uint32_t address;

	memcpy(&address, fadt + FADT_FACS, sizeof(address));
	return (uint8_t *)(uintptr_t)address;
}

static void name_other_facs(uint8_t *fadt, const uint8_t *facs)
{
	uint32_t address = (uint32_t)(uintptr_t)other_facs;

	memcpy(other_facs, facs, sizeof(other_facs));
	memcpy(fadt + FADT_FACS, &address, sizeof(address));
}

void guest_main(void)
{
	uint8_t *fadt = (uint8_t *)(uintptr_t)acpi_find_fadt(), *facs = find_facs(fadt);
	uint16_t control = acpi_pm1a_control(), status;
	uint32_t vector = VECTOR;
	char how[16] = "";

	(void)option_text("how", how, sizeof(how));
	if (how[0] == 'n')
		vector = 0;
	memcpy((void *)(uintptr_t)VECTOR, suspend_low, (size_t)(suspend_low_end - suspend_low));
	memcpy((void *)(uintptr_t)(VECTOR + (uint32_t)(suspend_low_control - suspend_low)), &control, sizeof(control));
	memcpy(facs + FACS_VECTOR, &vector, sizeof(vector));
	if (how[0] == 't')
		name_other_facs(fadt, facs);
	if (how[0] == 'f')
		facs[0] = 'X';
	out16(control, SLEEP_TYPE | SLEEP_ENABLE);
	status = in16((uint16_t)(control - STATUS_BACK));
	guest_check((status & WAKE_STATUS) != 0, "goes on as if woken", "status 0x%x", status);
}
