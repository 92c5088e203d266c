/*
 * vmm/kick.c: see the header. Of a vCPU any CPU may write `kicked`; the rest of what is looked at here, only
 * its own.
 */
#include "vmm/kick.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/panic.h"

/* A CPU answers within microseconds, or when its host lets an emulator's thread run again. */
#define KICK_LATE_CYCLES UINT64_C(20000000000) /* some seconds */

/* vmm/kick_sleep.S */
void kick_sleep_unless(const uint32_t *signals);
extern uint8_t kick_sleep_checked[], kick_sleep_done[];

/* A CPU between its last look at its signals and its HLT goes on behind that: the NMI was the wake-up. */
static void kick_handle_nmi(void *subject)
{
	struct exception_frame *frame = subject;

	if (frame->rip >= (uint64_t)kick_sleep_checked && frame->rip < (uint64_t)kick_sleep_done)
		frame->rip = (uint64_t)kick_sleep_done;
}

void kick_init(void)
{
	static struct watcher watcher = { .notify = kick_handle_nmi };

	watch_add(&exception_nmi_watchers, &watcher);
}

static bool kick_is_in_guest(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->in_guest, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST);
}

/* There is one NMI on its way to a CPU as long as `kicked` is set, and no more, whoever wants it: a
 * second one would reach the guest. */
static void kick_send(struct vcpu *vcpu)
{
	if (!__atomic_exchange_n(&vcpu->kicked, true, __ATOMIC_SEQ_CST))
		ipi_send_nmi(vcpu->cpu->apic_id);
}

void kick_one(struct vcpu *vcpu)
{
	/* As in kick_others(); one that is parked on SVM sleeps. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vcpu->cpu != cpu_current() && (__atomic_load_n(&vcpu->in_guest, __ATOMIC_SEQ_CST) ||
					   __atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST)))
		kick_send(vcpu);
}

bool kick_take_nmi(struct vcpu *vcpu)
{
	vcpu->cpu->nmi_seen = false;
	return __atomic_exchange_n(&vcpu->kicked, false, __ATOMIC_SEQ_CST);
}

void kick_sleep(const struct vcpu *vcpu)
{
	kick_sleep_unless(&vcpu->signals);
}

/* For as long as it takes: what its guest might do meanwhile is what the caller wants to be sure that it
 * does not. A CPU in its guest takes its NMI before any other instruction. If the NMI went astray, since
 * the guest gave its APIC another ID, one goes to all. */
static void kick_await_answer(const struct vcpu *vcpu)
{
	uint64_t start = tsc_read();
	bool late = false;

	while (__atomic_load_n(&vcpu->kicked, __ATOMIC_SEQ_CST) && kick_is_in_guest(vcpu)) {
		if (panic_is_elsewhere())
			cpu_stop();
		if (!late && tsc_read() - start > KICK_LATE_CYCLES) {
			late = true;
			log_warning("CPU %u is late to answer", vcpu->cpu->index);
			ipi_send_nmi_to_others();
		}
		cpu_pause();
	}
}

/* NULL: this CPU, or one without a vCPU, which is in no guest. */
static struct vcpu *kick_other(uint32_t index)
{
	struct cpu *cpu = cpu_get(index);

	return cpu == cpu_current() ? NULL : cpu->vcpu;
}

void kick_others(void)
{
	/* What was changed before is seen by a CPU that enters its guest after this (it sets in_guest,
	 * then looks at what changed); the others are kicked. Sequentially consistent on both sides. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (kick_other(i) != NULL && kick_is_in_guest(kick_other(i)))
			kick_send(kick_other(i));
	}
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (kick_other(i) != NULL)
			kick_await_answer(kick_other(i));
	}
}
