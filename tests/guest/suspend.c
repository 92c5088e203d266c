/*
 * tests/guest/suspend.c: a guest that suspends to RAM, where that is allowed, with a waking vector of its own
 * (suspend_low.S), and as a guest that means harm.
 *
 * Options: how=vector: nothing else; how=low: conventional memory is full of the guest's bytes, where the hypervisor comes
 * back by a page, and as it was when the guest goes on; how=race: the second CPU, wherever it is started, writes both
 * without end;
 * how=pat: with another PAT, which on QEMU is the machine's; how=dma: QEMU's edu writes it a little later; how=interrupts: real mode's vectors lead to it too; how=other: the second
 * CPU asks for the same again and again, while either runs a script at port 0x81, which is to make it HOOKED;
 * type=N: by that SLP_TYP; by=byte, by=dword, by=two: not by one write of 16 bits, but so (two: SLP_TYP first); how=none: without a waking vector; how=tables: the FADT names another FACS, which firmware would go by; how=facs: the
 * FACS has lost its name. In the last three the machine must not sleep.
 */
#include "guest.h"

#include "edu.h"
#include "instruction.h"
#include "second.h"

#define VECTOR UINT32_C(0x20008)
#define SECOND_PAGE 0x10
#define BEFORE UINT32_C(0x21ff0) /* is called just before, for a debugger to stop the guest at */
#define LOW_FIRST UINT32_C(0x22000)
#define CONVENTIONAL_KIB 0x413 /* BIOS data area: how much conventional memory there is */
#define STATUS_BACK 4 /* from PM1's control register to its status */
#define WAKE_STATUS 0x8000u
#define SLEEP_ENABLE 0x2000u
#define SLEEP_TYPE_SHIFT 10
#define SLEEP_TYPE 0x0400u /* on the chipsets that emulators have */

#define HOOKED_PORT 0x81 /* suspend_low.S looks at it too */
#define HOOKED 0x5a
#define TIMES 50u
#define LATE_ROUNDS 10000000 /* seconds, for what comes at once mostly */

#define MSR_PAT 0x277
#define PAT_CHANGED UINT64_C(0x0007010600070106) /* write-combining, where it has write-through after a reset */

#define FADT_FACS 36
#define FACS_BYTES 64
#define FACS_VECTOR 12

extern const uint8_t suspend_low[], suspend_low_end[], suspend_low_control[], suspend_low_sum[], suspend_low_last[];

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

SHARED uint8_t *raced_facs;

static uint32_t conventional_end(void)
{
	return (uint32_t)(*(volatile uint16_t *)(uintptr_t)CONVENTIONAL_KIB) << 10;
}

/* Where the hypervisor comes back: a far jump to the guest's vector. */
static void race(void)
{
	uint64_t jump = UINT64_C(0xea) | (uint64_t)(VECTOR & 0xf) << 8 | (uint64_t)(VECTOR >> 4) << 24;

	for (;;) {
		*(volatile uint32_t *)(raced_facs + FACS_VECTOR) = VECTOR;
		*(volatile uint64_t *)(uintptr_t)conventional_end() = jump;
	}
}

SHARED uint16_t asked_control;

static void ask_too(void)
{
	for (;;) {
		out16(asked_control, SLEEP_TYPE | SLEEP_ENABLE);
		(void)in8(HOOKED_PORT);
	}
}

/* Until the script has run here some times, and the other CPU's request has been turned down. What is said of that has the
 * serial port to itself. */
static void run_script(uint16_t control, bool came)
{
	unsigned hooked = 0;

	for (unsigned i = 0; i < TIMES; i++)
		hooked += in8(HOOKED_PORT) == HOOKED;
	for (unsigned i = 0; i < LATE_ROUNDS && !(in16((uint16_t)(control - STATUS_BACK)) & WAKE_STATUS); i++)
		__asm__ volatile("pause");
	guest_check(came, "the second CPU came", "");
	guest_check(hooked == TIMES, "the script runs", "%u times", hooked);
	guest_check((in16((uint16_t)(control - STATUS_BACK)) & WAKE_STATUS) != 0, "the other CPU goes on as if woken", "");
}

/* It takes a tenth of a second, which has begun when this is done. */
static void start_dma(const uint32_t *vector, const uint8_t *facs)
{
	volatile uint64_t *edu = edu_find();

	if (!guest_check(edu != NULL, "there is an edu", ""))
		return;
	edu_begin(edu, (uintptr_t)vector, EDU_BUFFER, sizeof(*vector), 0);
	while (edu[EDU_COMMAND / 8] & EDU_START)
		;
	edu_begin(edu, EDU_BUFFER, (uintptr_t)(facs + FACS_VECTOR), sizeof(*vector), EDU_TO_MEMORY);
}

/* All that a CPU in real mode can be led by. */
static void lead_interrupts(void)
{
	for (uint32_t i = 0; i < 32; i++)
		*(volatile uint32_t *)(uintptr_t)(4 * i) = VECTOR >> 4 << 16 | (VECTOR & 0xf);
}

static void put_low(const uint8_t *symbol, uint16_t value)
{
	memcpy((void *)(uintptr_t)(VECTOR + (uint32_t)(symbol - suspend_low)), &value, sizeof(value));
}

/* What suspend_low.S then adds up. */
static void fill_low(void)
{
	uint32_t end = conventional_end() & ~UINT32_C(0xfff);
	uint16_t sum = 0;

	for (uint32_t at = LOW_FIRST; at < end; at += 2) {
		uint16_t word = (uint16_t)(at * 0x9e37 ^ 0xcccc);

		*(volatile uint16_t *)(uintptr_t)at = word;
		sum = (uint16_t)((sum << 1 | sum >> 15) + word);
	}
	put_low(suspend_low_sum, sum);
	put_low(suspend_low_last, (uint16_t)(end >> 4));
}

static void ask(uint16_t control, uint16_t type)
{
	uint16_t value = (uint16_t)(type | SLEEP_ENABLE);
	char by[8] = "";

	(void)option_text("by", by, sizeof(by));
	if (by[0] == 'b') {
		out8((uint16_t)(control + 1), (uint8_t)(value >> 8));
	} else if (by[0] == 'd') {
		out32(control, value);
	} else {
		if (by[0] == 't')
			out16(control, type);
		out16(control, value);
	}
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
	put_low(suspend_low_control, control);
	if (how[0] == 'l')
		fill_low();
	memcpy(facs + FACS_VECTOR, &vector, sizeof(vector));
	if (how[0] == 't')
		name_other_facs(fadt, facs);
	if (how[0] == 'f')
		facs[0] = 'X';
	raced_facs = facs;
	if (how[0] == 'r')
		guest_check(second_start(SECOND_PAGE, race), "the second CPU came", "");
	asked_control = control;
	if (how[0] == 'o')
		run_script(control, second_start(SECOND_PAGE, ask_too));
	if (how[0] == 'p')
		msr_write(MSR_PAT, PAT_CHANGED);
	if (how[0] == 'i')
		lead_interrupts();
	if (how[0] == 'd')
		start_dma(&vector, facs);
	*(volatile uint8_t *)(uintptr_t)BEFORE = 0xc3; /* RET */
	((void (*)(void))(uintptr_t)BEFORE)();
	ask(control, (uint16_t)(option_number_or("type", SLEEP_TYPE >> SLEEP_TYPE_SHIFT) << SLEEP_TYPE_SHIFT));
	status = in16((uint16_t)(control - STATUS_BACK));
	guest_check((status & WAKE_STATUS) != 0, "goes on as if woken", "status 0x%x", status);
}
