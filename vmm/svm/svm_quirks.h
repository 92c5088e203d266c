/*
 * vmm/svm/svm_quirks.h: what emulators do otherwise than the manual says, where a line of ours is there for
 * nothing else: which, what it looks like without, and the test that shows it, if one does. Real CPUs pass these by.
 *
 * Three more shape what is written for all: QEMU delivers an interrupt of EVENTINJ twice when something wakes
 * its thread (svm_event.c: virtual interrupts; "an interrupt that is handed on comes once", "of two interrupts that
 * are handed on at once each comes once"), its VMRUN does not load the interrupt shadow (svm_step.c intercepts
 * interrupts too; "what runs alone is not seen, and ends where it should"), and it has no VM_CR (svm_init.c finds
 * INITs not to be caught; "the log says how INITs are delivered").
 */
#ifndef VMM_SVM_SVM_QUIRKS_H
#define VMM_SVM_SVM_QUIRKS_H

#include "core/exception.h"
#include "vmm/svm/vmcb.h"

/* QEMU: EXITINTINFO calls an interrupt an exception, and VMRUN refuses such an EVENTINJ. Without: a guest
 * that has an interrupt delivered through claimed memory can end in a panic. No test has shown it since
 * interrupts are handed on as virtual ones. */
static inline uint64_t svm_quirk_event(uint64_t event)
{
	if ((event >> EVENT_TYPE_SHIFT & 7) == EVENT_EXCEPTION && (event & EVENT_VECTOR) >= VECTOR_EXCEPTIONS)
		event &= ~(UINT64_C(7) << EVENT_TYPE_SHIFT);
	return event;
}

/* QEMU: an exit amid the delivery of a virtual interrupt tells of it in EXITINTINFO, as above, and leaves V_IRQ
 * set. Without: the interrupt is accepted once more. No test shows it by itself; "an interrupt that is handed
 * on comes once" is about the same. */
static inline bool svm_quirk_was_delivered(const struct vmcb *vmcb)
{
	return (vmcb->exit_int_info & EVENT_VALID) != 0;
}

/* Bochs: an intercepted #DB leaves DR6 as it was. (What else would, ICEBP, exits in another way.) Without: the
 * end of a step is taken for the guest's own trap. Test, on Bochs's ryzen: "no CPU is started outside of the
 * hypervisor, whatever the instruction". */
static inline bool svm_quirk_is_step(uint64_t dr6)
{
	return dr6 == DR6_FIXED;
}

/* Bochs with several CPUs: #SX names the RIP of the exception before, if no instruction has come in between.
 * What is on the stack tells that it is the exception's entry, all the same. Without: an INIT
 * amid #SX's entry is taken for one amid our code. Seen, on Bochs's ryzen, with "INITs are caught as they
 * arrive". */
static inline bool svm_quirk_repeats(const struct exception_frame *frame, uint64_t error_code)
{
	const uint64_t *before = (const uint64_t *)frame->rsp; /* error code, RIP */

	return before[0] == error_code && before[1] == frame->rip;
}

#endif
