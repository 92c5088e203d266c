/*
 * tests/escape/main.c: finds out about the machine, tells how the sequence before ended, and begins the next.
 *
 * Options: seed=N; first=N, count=N: the sequences; steps=N of all CPUs in each (default 400); cpus=N;
 * bochs=1: this is Bochs; port=N: where a script has hooks (N) and makes hooks (N + 1); only=NAME:
 * enable this action alone, beside starts; without=NAME+NAME: not these; all=1: all of them; smi=0: no SMIs;
 * trace=1: print each step; status=N: the firmware's shutdown status; wild=1: the detector is not as it was.
 */
#include "escape.h"

#include "guest.h"
#include "instruction.h"

#define MAGIC UINT64_C(0x6570616373450a0d)
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_MARK 0x78	   /* and the sequence in the two behind it: not used by the firmware */
#define CMOS_SHUTDOWN 0x0f /* what the firmware does after a reset of the CPU alone */
#define MARK 0xe5
#define FADT_FACS 36
#define FADT_SMI_COMMAND 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_EVENT 56
#define FADT_RESET_REGISTER 116
#define FADT_LENGTH_WITH_RESET 129

struct platform platform;

static uint8_t cmos_read(uint8_t index)
{
	out8(CMOS_INDEX, index);
	return in8(CMOS_DATA);
}

static void cmos_write(uint8_t index, uint8_t value)
{
	out8(CMOS_INDEX, index);
	out8(CMOS_DATA, value);
}

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void platform_read_acpi(void)
{
	const uint8_t *fadt = acpi_find_fadt();
	uint32_t facs;
	uint16_t type;

	platform.off_type = platform.disk_type = platform.ram_type = 8;
	if (!fadt)
		return;
	facs = load32(fadt + FADT_FACS);
	platform.facs = facs;
	if (facs != 0)
		*(volatile uint32_t *)(uintptr_t)(facs + FACS_VECTOR) = LOW_WAKE;
	platform.smi_command = (uint16_t)load32(fadt + FADT_SMI_COMMAND);
	platform.acpi_enable = fadt[FADT_ACPI_ENABLE];
	platform.acpi_disable = fadt[FADT_ACPI_ENABLE + 1];
	platform.pm1a_event = (uint16_t)load32(fadt + FADT_PM1A_EVENT);
	platform.pm1a_control = (uint16_t)load32(fadt + FADT_PM1A_EVENT + 8);
	platform.pm1b_control = (uint16_t)load32(fadt + FADT_PM1A_EVENT + 12);
	if (load32(fadt + 4) >= FADT_LENGTH_WITH_RESET && fadt[FADT_RESET_REGISTER] == 1) {
		platform.reset_port = (uint16_t)load32(fadt + FADT_RESET_REGISTER + 4);
		platform.reset_value = fadt[FADT_RESET_REGISTER + 12];
	}
	if (acpi_find_sleep_type("_S5_", &type))
		platform.off_type = (uint8_t)type;
	if (acpi_find_sleep_type("_S4_", &type))
		platform.disk_type = (uint8_t)type;
	if (acpi_find_sleep_type("_S3_", &type))
		platform.ram_type = (uint8_t)type;
}

static void platform_init(void)
{
	struct cpuid_registers vendor = cpuid(0, 0);

	platform.amd = vendor.ebx == 0x68747541; /* "Auth" */
	platform.trace = option_number_or("trace", 0) != 0;
	platform.smis = option_number_or("smi", 1) != 0;
	platform.bochs = option_number_or("bochs", 0) != 0;
	platform.hook_port = (uint16_t)option_number_or("port", 0x5100);
	platform_read_acpi();
	oracle_find_ours();
	if (platform.low_pages_end > 0xa0)
		platform.low_pages_end = 0xa0;
}

/* The machine was reset: what does memory say about the life before? */
static void tell_last(uint32_t sequence)
{
	static const char *const ends[] = {"by itself", "after all steps", "by a reset", "by sleep"};
	const struct record *record = RECORD;
	uint32_t steps = 0, landings = 0, nmis = 0, interrupts = 0;

	if (record->magic != MAGIC || record->magic_end != MAGIC || record->sequence != sequence ||
	    record->nr_cpus > ESCAPE_CPUS || (uint32_t)record->end > END_SLEEP) {
		guest_print("escape: sequence %u ended, memory does not tell how\n", sequence);
		return;
	}
	for (uint32_t i = 0; i < record->nr_cpus; i++) {
		steps += record->cpus[i].steps;
		landings += record->cpus[i].landings;
		nmis += record->cpus[i].nmis;
		interrupts += record->cpus[i].interrupts;
	}
	guest_print("escape: sequence %u ended %s: %u steps, %u landings, %u NMIs, %u interrupts\n", sequence,
		    ends[record->end], steps, landings, nmis, interrupts);
	if (record->end == END_UNKNOWN)
		oracle_print_trails();
	guest_print("escape: did smm=%u", record->smis_taken);
	for (uint32_t i = 0; i < actions_count; i++)
		guest_print(" %s=%u", actions[i].name, record->did[i]);
	guest_print("\n");
}

/* A name among those that a + parts. */
static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; *at; at++) {
		if ((at == list || at[-1] == '+') && memcmp(at, name, length) == 0 &&
		    (at[length] == '+' || at[length] == '\0'))
			return true;
	}
	return false;
}

static void record_init(uint32_t sequence)
{
	struct record *record = RECORD;
	char only[16], without[80];

	memset(record, 0, sizeof(*record));
	record->magic = record->magic_end = MAGIC;
	record->seed = (uint32_t)option_number_or("seed", 1);
	record->sequence = sequence;
	record->steps_maximum = (uint32_t)option_number_or("steps", 400);
	record->nr_cpus = (uint32_t)option_number_or("cpus", 1);
	if (record->nr_cpus > ESCAPE_CPUS)
		record->nr_cpus = ESCAPE_CPUS;
	for (uint32_t i = 0; i < ESCAPE_CPUS; i++)
		record->cpus[i].number = record->cpus[i].apic_id = i;
	actions_init();
	if (option_number_or("all", 0))
		record->enabled = ~UINT64_C(0) >> (64 - actions_count);
	if (option_text("without", without, sizeof(without))) {
		for (uint32_t i = 0; i < actions_count; i++) {
			if (is_listed(without, actions[i].name))
				record->enabled &= ~(UINT64_C(1) << i);
		}
	}
	if (option_text("only", only, sizeof(only))) {
		record->enabled = 1;
		for (uint32_t i = 0; i < actions_count; i++) {
			if (strlen(only) == strlen(actions[i].name) &&
			    memcmp(only, actions[i].name, strlen(only)) == 0)
				record->enabled |= UINT64_C(1) << i;
		}
	}
}

/* The firmware is asked to come to us, and not to its self-test, after a reset. */
static uint8_t set_shutdown_status(uint32_t seed, uint32_t sequence)
{
	static const uint8_t values[] = {0x0a, 0x05, 0x0a, 0xfe, 0x09, 0x00};
	struct random random;
	uint8_t value;

	random_start(&random, seed, sequence, ~UINT64_C(0), 1);
	value = (uint8_t)option_number_or("status", values[random_below(&random, sizeof(values))]);
	cmos_write(CMOS_SHUTDOWN, value);
	return cmos_read(CMOS_SHUTDOWN);
}

extern uint8_t landing_stacks[];

void guest_main(void)
{
	uint32_t first = (uint32_t)option_number_or("first", 0), next = first;
	uint32_t count = (uint32_t)option_number_or("count", 1);

	platform_init();
	if (cmos_read(CMOS_MARK) == MARK) {
		uint32_t last = cmos_read(CMOS_MARK + 1) | (uint32_t)cmos_read(CMOS_MARK + 2) << 8;

		tell_last(last);
		next = last + 1;
	}
	if (next - first >= count) {
		guest_print("escape: all %u sequences are over\n", count);
		return;
	}
	record_init(next);
	cmos_write(CMOS_MARK, MARK);
	cmos_write(CMOS_MARK + 1, (uint8_t)next);
	cmos_write(CMOS_MARK + 2, (uint8_t)(next >> 8));
	guest_print("escape: seed %u sequence %u begins: %u CPUs, actions 0x%lx, shutdown status 0x%x, "
		    "ours 0x%lx-0x%lx and 0x%lx\n",
		    RECORD->seed, next, RECORD->nr_cpus, RECORD->enabled,
		    set_shutdown_status(RECORD->seed, next), platform.ours,
		    platform.ours + platform.ours_bytes, platform.low_ours);
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	pages_init();
	if (option_number_or("wild", 0))
		pages_spoil_detector();
	smm_came = smm_seen = 0;
	cpu_init();
	cpu_read_mode(&RECORD->cpus[0]);
	switch_stack((uint64_t)landing_stacks + ESCAPE_STACK_BYTES, &RECORD->cpus[0]);
}
