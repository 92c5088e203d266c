/*
 * vmm/svm/svm_init.c: INITs that reach a CPU, by whatever way, become signals of it (vmm/signal.h). In the
 * guest an INIT exits, and is still pending then. In the host it waits as long as GIF is 0, and is the
 * exception #SX when that is set: VM_CR.R_INIT, AMD APM v2 15.13, 15.17, 15.28 and 15.30.1. Written at boot only.
 */
#include "vmm/svm/svm_init.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "vmm/signal.h"
#include "vmm/svm/svm.h"
#include "vmm/svm/svm_quirks.h"

#define SX_INIT 1 /* its error code; there is no other */

_Static_assert(offsetof(struct exception_frame, vector) == SVM_FRAME_VECTOR_OFFSET, "vector");

/* svm_init_entry.S */
void svm_init_entry(void);
void svm_nmi_entry(void);
extern uint8_t svm_init_held[], svm_return_last[];

static bool svm_redirects;

bool svm_redirects_inits(void)
{
	return svm_redirects;
}

/* LOCK is of other bits. A hypervisor below us may keep the bit and not act by it, and QEMU keeps none. */
static bool svm_keeps_redirect(void)
{
	uint64_t control, now;
	bool good;

	if (cpuid_shows_hypervisor() || !msr_read_safe(MSR_VM_CR, &control) ||
	    !msr_write_safe(MSR_VM_CR, control | VM_CR_R_INIT))
		return false;
	good = msr_read_safe(MSR_VM_CR, &now) && (now & VM_CR_R_INIT);
	(void)msr_write_safe(MSR_VM_CR, control);
	return good;
}

bool svm_can_redirect_inits(void)
{
	svm_redirects = svm_keeps_redirect();
	return svm_redirects;
}

bool svm_lacks_redirect(void)
{
	return svm_redirects && !svm_keeps_redirect();
}

void svm_begin_redirect(bool is_boot_cpu)
{
	if (!svm_redirects)
		return;
	msr_write(MSR_VM_CR, msr_read(MSR_VM_CR) | VM_CR_R_INIT);
	/* The boot CPU is the last: all others can take these entries too. */
	if (is_boot_cpu) {
		exception_replace_entry(VECTOR_NMI, svm_nmi_entry);
		exception_replace_entry(VECTOR_SECURITY, svm_init_entry);
	}
}

static uint64_t svm_what_was_interrupted(const struct exception_frame *frame)
{
	if (exception_from_user(frame))
		return SVM_INTERRUPTED_CODE;
	if ((frame->rip >= (uint64_t)svm_init_entry && frame->rip < (uint64_t)svm_init_held) ||
	    svm_quirk_repeats(frame, SX_INIT))
		return SVM_INTERRUPTED_INIT;
	if (frame->rip == (uint64_t)svm_nmi_entry)
		return SVM_INTERRUPTED_NMI;
	return frame->rip == (uint64_t)svm_return_last ? SVM_INTERRUPTED_RETURN : SVM_INTERRUPTED_CODE;
}

uint64_t svm_take_init(struct exception_frame *frame)
{
	uint64_t what = svm_what_was_interrupted(frame);

	signal_init(cpu_current()->vcpu);
	/* As for an NMI: it may have come to a CPU that sleeps. */
	watch_tell(&exception_nmi_watchers, frame);
	return what;
}
