/*
 * tests/guest/bench.c: loops over one instruction each, and the TSC ticks they took. In QEMU with
 * -icount shift=0 a tick is one executed instruction, whoever executed it.
 *
 * Options: loops=LIST of the names in the table below, separated by commas (default all);
 * iterations=N (default 1000); port=NUMBER or port=pm1a (ACPI's control register); msr=NUMBER,
 * leaf=NUMBER, mmio=NUMBER, pci=NUMBER (as written to CF8). extremes=1 looks at each turn by itself.
 *
 * Prints `bench: NAME TICKS ITERATIONS`; what the loop itself takes is in TICKS and is measured by
 * the loop `empty`. With extremes, `bench: NAME_shortest TICKS 1` and `bench: NAME_longest TICKS 1`
 * follow. record=1: port writes are recorded meanwhile (control=load, auth=open).
 */
#define RV_KINDS_DEFINE
#include "guest.h"

#include "control/control_abi.h"
#include "hook/trace_layout.h"

#include "instruction.h"

#define IDE_COMMAND_BLOCK 0x1f0
#define IDE_CONTROL 0x3f6
#define IDE_POLLS 1000

/* What the loops use, from the options. */
static uint32_t leaf, msr, pci;
static uint16_t port;
static uint64_t mmio;

/* Each loop body is the same two instructions and, but for the empty one, what is measured. */
#define BENCH_LOOP(name, body, input)                                                              \
	static void bench_##name(uint64_t iterations)                                              \
	{                                                                                          \
		__asm__ volatile("1:	" body "\n"                                                  \
				 "	dec %%rsi\n"                                               \
				 "	jnz 1b"                                                    \
				 : "+S"(iterations)                                                \
				 : input                                                           \
				 : "rax", "rbx", "rcx", "rdx", "memory", "cc");                    \
	}

BENCH_LOOP(empty, "mov %%edi, %%eax", "D"(0))
BENCH_LOOP(cpuid, "mov %%edi, %%eax; xor %%ecx, %%ecx; cpuid", "D"(leaf))
BENCH_LOOP(port_read, "mov %%edi, %%edx; in %%dx, %%al", "D"(port))
BENCH_LOOP(port_write, "mov %%edi, %%edx; out %%al, %%dx", "D"(port))
BENCH_LOOP(msr_read, "mov %%edi, %%ecx; rdmsr", "D"(msr))
BENCH_LOOP(mmio_read, "mov (%%rdi), %%eax", "D"(mmio))
BENCH_LOOP(apic_eoi, "movl $0, 0xb0(%%rdi)", "D"(0xfee00000))
BENCH_LOOP(pci_read,
	   "mov %%edi, %%eax; mov $0xcf8, %%edx; out %%eax, %%dx; mov $0xcfc, %%dl; in %%dx, %%eax",
	   "D"(pci))

/* READ VERIFY SECTORS to the first IDE disk, which has it at once: a request without data. */
static void bench_disk_verify(uint64_t iterations)
{
	for (; iterations != 0; iterations--) {
		out8(IDE_COMMAND_BLOCK + 6, 0xe0);
		out8(IDE_COMMAND_BLOCK + 2, 1);
		for (uint16_t i = 3; i < 6; i++)
			out8(IDE_COMMAND_BLOCK + i, 0);
		out8(IDE_COMMAND_BLOCK + 7, 0x40);
		for (unsigned polls = 0; polls < IDE_POLLS && (in8(IDE_CONTROL) & 0x80); polls++)
			;
		(void)in8(IDE_COMMAND_BLOCK + 7);
	}
}

static const struct {
	const char *name;
	void (*run)(uint64_t iterations);
} loops[] = {
	{"empty", bench_empty},
	{"cpuid", bench_cpuid},
	{"port_read", bench_port_read},
	{"port_write", bench_port_write},
	{"msr_read", bench_msr_read},
	{"mmio_read", bench_mmio_read},
	{"pci_read", bench_pci_read},
	{"apic_eoi", bench_apic_eoi},
	{"disk_verify", bench_disk_verify},
};

#define WARM_UP_ITERATIONS 16

/* Is `name` one of the comma-separated words of `list`? */
static bool list_contains(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = list; *word; word++) {
		if ((word == list || word[-1] == ',') && memcmp(word, name, length) == 0 &&
		    (word[length] == ',' || word[length] == '\0'))
			return true;
	}
	return false;
}

static uint16_t port_from_options(void)
{
	char text[8] = "";

	option_text("port", text, sizeof(text));
	if (memcmp(text, "pm1a", 5) == 0)
		return acpi_pm1a_control();
	return (uint16_t)option_number_or("port", 0x80);
}

/* Calls of one turn each; the call is in the ticks. */
static void measure_extremes(size_t loop, uint64_t iterations)
{
	uint64_t shortest = ~0ull, longest = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		uint64_t start = tsc_read(), ticks;

		loops[loop].run(1);
		ticks = tsc_read() - start;
		if (ticks < shortest)
			shortest = ticks;
		if (ticks > longest)
			longest = ticks;
	}
	guest_print("bench: %s_shortest %lu 1\nbench: %s_longest %lu 1\n", loops[loop].name,
		    shortest, loops[loop].name, longest);
}

static int64_t control(struct control_message *message, uint32_t command)
{
	int64_t result = (int64_t)CONTROL_MAGIC;

	message->version = CONTROL_VERSION;
	message->command = command;
	if (cpuid(0, 0).ecx == 0x444d4163)
		__asm__ volatile("vmmcall" : "+a"(result) : "D"(message), "S"(sizeof(*message)) : "rdx", "memory");
	else
		__asm__ volatile("vmcall" : "+a"(result) : "D"(message), "S"(sizeof(*message)) : "rdx", "memory");
	return result;
}

/* As much as all of them take. */
static void record(void)
{
	static struct control_message message __attribute__((aligned(4096)));
	int64_t result = control(&message, CONTROL_OPEN);

	message.argument[0] = UINT64_C(1) << RV_EVENT_PORT_WRITE;
	message.argument[1] = 128;
	message.argument[2] = 0;
	message.argument[3] = trace_layout_sum();
	message.data_bytes = CONTROL_UUID_BYTES;
	if (result == 0)
		result = control(&message, CONTROL_RECORD);
	guest_check(result > 0, "recording", "%ld", result);
}

void guest_main(void)
{
	uint64_t iterations = option_number_or("iterations", 1000);
	char list[128] = "";
	bool all = !option_text("loops", list, sizeof(list));

	leaf = (uint32_t)option_number_or("leaf", 0);
	msr = (uint32_t)option_number_or("msr", 0xc0000102);
	pci = (uint32_t)option_number_or("pci", 0x80000000);
	port = port_from_options();
	mmio = option_number_or("mmio", 0xfed00000);
	if (option_number_or("record", 0))
		record();

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		uint64_t start, ticks;

		if (!all && !list_contains(list, loops[i].name) && i != 0)
			continue;
		loops[i].run(WARM_UP_ITERATIONS);
		start = tsc_read();
		loops[i].run(iterations);
		ticks = tsc_read() - start;
		guest_print("bench: %s %lu %lu\n", loops[i].name, ticks, iterations);
		if (option_number_or("extremes", 0))
			measure_extremes(i, iterations);
	}
}
