/*
 * core/smp_start.c: how CPUs come to C, one after the other. Written at boot only.
 */
#include "core/smp_start.h"

#include "core/apic.h"
#include "core/exception.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/low_entry.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/smm.h"
#include "core/smp.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"

/* AMD APM v2 16.5, Intel SDM 3 9.4.4.1: between INIT and startup IPI, and between two of these */
#define START_INIT_US 10000
#define START_REPEAT_US 200
/* It takes far less than a millisecond. */
#define START_ANSWER_US 2000000

static void (*smp_start_run)(struct cpu *cpu);

_Noreturn void smp_arrive(void (*run)(struct cpu *cpu))
{
	struct cpu *cpu = cpu_current();

	cr3_write(paging_host_root);
	exception_init_cpu();
	if (cpuid_own_apic_id() == cpu->apic_id) {
		smm_take(cpu);
		run(cpu);
	}
	cpu_stop();
}

/* By a startup IPI. */
_Noreturn static void smp_start_arrive(void)
{
	smp_arrive(smp_start_run);
}

static bool smp_start_await(const struct cpu *cpu, uint64_t us)
{
	struct time_limit limit = time_limit_of_us(us);

	while (!__atomic_load_n(&cpu->online, __ATOMIC_SEQ_CST)) {
		if (time_limit_is_over(&limit))
			return false;
	}
	return true;
}

/* After the INIT nothing but a startup IPI moves it, and there is nobody who would send one. */
bool smp_start_finish(struct cpu *cpu)
{
	if (smp_start_await(cpu, START_ANSWER_US))
		return true;
	ipi_send(cpu->apic_id, APIC_ICR_INIT);
	time_wait_us(START_INIT_US);
	smm_close();
	__atomic_store_n(&cpu->online, false, __ATOMIC_SEQ_CST);
	log_warning("CPU %u (APIC ID %u) does not come: the OS will not be able to start it", cpu->index,
		    cpu->apic_id);
	return false;
}

static void smp_start_one(struct cpu *cpu, hpa_t page)
{
	uint32_t startup = APIC_ICR_STARTUP | (uint32_t)(page >> PAGE_SHIFT);

	low_entry_set_stack(page, smp_stack_top(cpu));
	ipi_send(cpu->apic_id, startup);
	if (smp_start_await(cpu, START_REPEAT_US))
		return;
	ipi_send(cpu->apic_id, startup);
	(void)smp_start_finish(cpu);
}

bool smp_start_is_needed(void)
{
	for (uint32_t i = 1; i < cpus_count; i++) {
		if (!cpu_get(i)->waits_in_firmware)
			return true;
	}
	return false;
}

int smp_start_others(hpa_t low_page, void (*run)(struct cpu *cpu))
{
	hpa_t root;

	if (!smp_start_is_needed())
		return 0;
	root = low_entry_create_root(low_page);
	if (root == 0)
		return -RV_ENOMEM;
	low_entry_fill(low_page, root, smp_start_arrive);
	smp_start_run = run;
	for (uint32_t i = 1; i < cpus_count; i++) {
		if (!cpu_get(i)->waits_in_firmware)
			ipi_send(cpu_get(i)->apic_id, APIC_ICR_INIT);
	}
	time_wait_us(START_INIT_US);
	for (uint32_t i = 1; i < cpus_count; i++) {
		if (!cpu_get(i)->waits_in_firmware)
			smp_start_one(cpu_get(i), low_page);
	}
	memset(memory_direct(low_page), 0, PAGE_BYTES);
	paging_destroy(root);
	return 0;
}
