/*
 * tests/escape/oracle.c: what no guest may see: SVM or VMX in CPUID, an EFER.SVME or a CR4.VMXE that can be
 * set, a byte of the hypervisor's memory that does not read as ones, or that a write changes.
 */
#include "escape.h"

#include "guest.h"
#include "instruction.h"

#define CPUID_SVM 0x4u
#define CPUID_VMX 0x20u
#define MSR_EFER 0xc0000080u
#define EFER_SVME UINT64_C(0x1000)
#define CR4_VMXE UINT64_C(0x2000)
#define ONES (~UINT64_C(0))
#define SAMPLES 6
#define E820_SMAP 0x534d4150u
#define E820_USABLE 1u
#define LARGE_PAGE (UINT64_C(1) << 21)
#define PAGE_BYTES 4096u
#define REPORT_WAIT_LOOPS 3000000u

struct memory_range {
	uint64_t start, length_bytes;
	uint32_t type, attributes;
};

static bool is_all_ones(uint64_t page)
{
	for (uint32_t i = 0; i < PAGE_BYTES; i += 8) {
		if (*(volatile uint64_t *)(page + i) != ONES)
			return false;
	}
	return true;
}

/* Other reserved memory may follow ours in the same range. The first piece counts in any case. */
static uint64_t count_ones(uint64_t start, uint64_t length_bytes)
{
	uint64_t bytes = LARGE_PAGE;

	while (bytes + LARGE_PAGE <= length_bytes && is_all_ones(start + bytes))
		bytes += LARGE_PAGE;
	return bytes;
}

/* The range that follows usable memory on a 2 MiB boundary; below 1 MiB, a reserved page that reads as
 * ones. Before the first step, and before the table of interrupt vectors is ours. */
void oracle_find_ours(void)
{
	const struct memory_range *entry = (const struct memory_range *)BIOS_BUFFER_ADDRESS;
	struct bios_registers r = {.edi = BIOS_BUFFER_ADDRESS};
	uint64_t usable_end = 0, low_end = 0;

	do {
		r.eax = 0xe820;
		r.ecx = sizeof(*entry);
		r.edx = E820_SMAP;
		bios_call(0x15, &r);
		if ((r.eflags & BIOS_CARRY) || r.eax != E820_SMAP)
			break;
		if (entry->type == E820_USABLE && entry->start == 0)
			low_end = entry->length_bytes;
		if (entry->type != E820_USABLE && entry->start == usable_end && platform.ours == 0 &&
		    entry->start % LARGE_PAGE == 0 && entry->length_bytes >= LARGE_PAGE) {
			platform.ours = entry->start;
			platform.ours_bytes = count_ones(entry->start, entry->length_bytes);
		}
		usable_end = entry->type == E820_USABLE ? entry->start + entry->length_bytes : 0;
	} while (r.ebx != 0);
	platform.low_pages_end = (uint32_t)(low_end / PAGE_BYTES);
	for (uint64_t page = low_end & ~(uint64_t)(PAGE_BYTES - 1); page < 0xa0000; page += PAGE_BYTES) {
		if (page >= low_end && is_all_ones(page))
			platform.low_ours = page;
	}
}

static void print_trail(const struct cpu *cpu)
{
	guest_print("escape: cpu %u, %u steps, %u landings, the last actions:", cpu->number, cpu->steps,
		    cpu->landings);
	for (uint32_t i = 0; i < ESCAPE_TRAIL; i++) {
		uint8_t action = cpu->trail[(cpu->trail_next + i) % ESCAPE_TRAIL];

		if (action != 0)
			guest_print(" %s", actions[action - 1].name);
	}
	guest_print("\n");
}

void oracle_print_trails(void)
{
	for (uint32_t i = 0; i < RECORD->nr_cpus; i++)
		print_trail(&RECORD->cpus[i]);
}

/* One report at a time; but a reporter may be stopped by what others do. */
_Noreturn void oracle_report(struct cpu *cpu, const char *what, uint64_t value)
{
	RECORD->stop = true;
	if (__atomic_exchange_n(&RECORD->reporting, 1, __ATOMIC_SEQ_CST))
		spin(REPORT_WAIT_LOOPS);
	guest_print("\nESCAPED: seed %u sequence %u cpu %u step %u: %s, 0x%lx\n", RECORD->seed,
		    RECORD->sequence, cpu->number, cpu->steps, what, value);
	oracle_print_trails();
	guest_print("escape: end of report\n");
	cpu_halt();
}

void oracle_glance(struct cpu *cpu)
{
	if (platform.amd) {
		uint32_t ecx = cpuid(0x80000001, 0).ecx;

		if (ecx & CPUID_SVM)
			oracle_report(cpu, "SVM in CPUID", ecx);
	} else {
		uint32_t ecx = cpuid(1, 0).ecx;

		if (ecx & CPUID_VMX)
			oracle_report(cpu, "VMX in CPUID", ecx);
	}
}

static void check_enabling(struct cpu *cpu)
{
	uint64_t efer = msr_read(MSR_EFER), cr4 = cr4_read();

	if (platform.amd && ((efer & EFER_SVME) || probe_wrmsr(MSR_EFER, efer | EFER_SVME) == 0))
		oracle_report(cpu, "EFER.SVME can be set", msr_read(MSR_EFER));
	if (!platform.amd && ((cr4 & CR4_VMXE) || probe_cr4(cr4 | CR4_VMXE) == 0))
		oracle_report(cpu, "CR4.VMXE can be set", cr4_read());
}

static void check_word(struct cpu *cpu, uint64_t at, uint64_t written)
{
	volatile uint64_t *word = (volatile uint64_t *)at;

	if (*word != ONES)
		oracle_report(cpu, "the hypervisor's memory can be read", *word);
	*word = written;
	if (*word != ONES)
		oracle_report(cpu, "the hypervisor's memory can be changed", *word);
}

void oracle_check(struct cpu *cpu, struct random *random)
{
	oracle_glance(cpu);
	RECORD->smis_taken = smm_came;
	if (smm_seen == SMM_SEEN)
		oracle_report(cpu, "SVM or VMX in CPUID, in SMM", smm_seen);
	check_enabling(cpu);
	if (platform.ours == 0)
		return;
	check_word(cpu, platform.ours, 0);
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t offset = random_next(random) % platform.ours_bytes & ~UINT64_C(7);

		check_word(cpu, platform.ours + offset, random_next(random) >> 1);
	}
	if (platform.low_ours != 0)
		check_word(cpu, platform.low_ours + random_below(random, PAGE_BYTES / 8) * 8u, 0);
}
