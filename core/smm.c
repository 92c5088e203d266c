/*
 * core/smm.c: where SMIs lead, found out and changed at boot. What is written here is written by one CPU
 * at a time: they come one after the other (core/smp_start.h).
 */
#include "core/smm.h"

#include "core/apic.h"
#include "core/instructions.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/smm_layout.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"

/* An SMI to oneself is taken at once. It stays away where firmware has a handler for it, or where there are
 * no SMIs (hypervisors). */
#define SMM_ANSWER_US 20000

/* Intel SDM 3 12.11.2.4: SMM's memory has a range register, which only SMM can set */
#define MTRR_CAPABILITY_SMRR UINT64_C(0x800)
#define SMRR_MASK_VALID UINT64_C(0x800)

/* Our areas lie a page apart, each in itself and in the one that is seven above: its entry is at the begin of
 * a page, its state at the end. */
#define SMM_PAGES_A_CPU ((SMM_END - SMM_ENTRY) / PAGE_BYTES)

/* core/smm_entry.S */
extern const uint8_t smm_entry_start[], smm_entry_end[], smm_entry_base[], smm_entry_revision[];

static const uint8_t smm_return[] = { 0x0f, 0xaa }; /* RSM */
static uint8_t *smm_areas;
static uint8_t smm_saved_entry[PAGE_BYTES], smm_saved_state[SMM_END - SMM_STATE];
static bool smm_is_open;

int smm_init(void)
{
	smm_areas = memory_allocate_pages(cpus_count + SMM_PAGES_A_CPU - 1);
	if (smm_areas == NULL)
		return -RV_ENOMEM;
	for (uint32_t i = 0; i < cpus_count; i++)
		memcpy(smm_areas + i * PAGE_BYTES, smm_return, sizeof(smm_return));
	return 0;
}

/* Real machines' firmware does so on all CPUs. No SMI of ours disturbs it then. */
static bool smm_is_set_up(void)
{
	uint64_t value;

	if (msr_read_safe(MSR_MTRR_CAPABILITY, &value) && (value & MTRR_CAPABILITY_SMRR) &&
	    msr_read_safe(MSR_SMRR_MASK, &value) && (value & SMRR_MASK_VALID))
		return true;
	return msr_read_safe(MSR_SMM_BASE, &value) && value != 0 && value != SMM_BASE_RESET;
}

/* By the direct map: what SMM writes, the compiler does not see. */
static volatile uint32_t *smm_word(hpa_t base, uint32_t offset)
{
	return (volatile uint32_t *)memory_direct(base + offset);
}

static void smm_open(uint32_t base)
{
	uint8_t *entry = memory_direct(SMM_BASE_RESET + SMM_ENTRY);

	memcpy(smm_saved_entry, entry, sizeof(smm_saved_entry));
	memcpy(smm_saved_state, memory_direct(SMM_BASE_RESET + SMM_STATE), sizeof(smm_saved_state));
	__atomic_store_n(&smm_is_open, true, __ATOMIC_SEQ_CST);
	memcpy(entry, smm_entry_start, (size_t)(smm_entry_end - smm_entry_start));
	memcpy(entry + (smm_entry_base - smm_entry_start), &base, sizeof(base));
}

void smm_close(void)
{
	if (!__atomic_exchange_n(&smm_is_open, false, __ATOMIC_SEQ_CST))
		return;
	memcpy(memory_direct(SMM_BASE_RESET + SMM_ENTRY), smm_saved_entry, sizeof(smm_saved_entry));
	memcpy(memory_direct(SMM_BASE_RESET + SMM_STATE), smm_saved_state, sizeof(smm_saved_state));
}

/* What the SMI has written to `seen`, which is 0 before; 0: it has not come there. */
static uint32_t smm_send(const struct cpu *cpu, const volatile uint32_t *seen)
{
	uint64_t start = tsc_read();

	ipi_send(cpu->apic_id, APIC_ICR_SMI);
	while (*seen == 0 && tsc_read() - start < time_tsc_of_us(SMM_ANSWER_US))
		cpu_pause();
	return *seen;
}

void smm_take(struct cpu *cpu)
{
	uint64_t area = memory_physical(smm_areas + cpu->index * PAGE_BYTES), base = area - SMM_ENTRY;
	uint32_t revision;

	if (smm_is_set_up() || base > UINT32_MAX - SMM_END)
		return;
	smm_open((uint32_t)base);
	revision = smm_send(cpu, smm_word(SMM_BASE_RESET,
					  SMM_ENTRY + (uint32_t)(smm_entry_revision - smm_entry_start)));
	smm_close();
	if (revision == 0)
		return;
	/* The next one must come where the first has sent it. */
	cpu->smis_are_ours = (revision & SMM_REVISION_RELOCATES) &&
			     smm_send(cpu, smm_word(base, SMM_STATE_REVISION)) != 0;
	if (!cpu->smis_are_ours)
		log_error("CPU %u: an SMI runs the guest's code in SMM, and cannot be kept from it", cpu->index);
}
