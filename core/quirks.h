/*
 * core/quirks.h: what emulators do otherwise than the manuals say, outside of the back ends (whose own are in
 * vmm/svm/svm_quirks.h and vmm/vmx/vmx_quirks.h): what it looks like without a line of ours, and the test that
 * shows it. Real machines pass these by. Those that shape what is written for all are told here alone.
 *
 * Bochs:
 *   Interrupts of the 8259s reach the CPU although the local APIC masks them. Without process/legacy_pic.c: one
 *   comes on an exception's vector while an engine runs. "interrupts of the 8259s with exceptions' vectors"
 *   With several CPUs a step whose instruction faults ends where it began (vmm/mmio_fault.c). Without: the guest
 *   repeats it for ever. "our memory is out of reach in every other way", cpus=2
 * QEMU:
 *   A local APIC's timer counts to 0 some time before its thread requests the interrupt, which is forgotten if
 *   the timer is set in between (apic_timer_is_late, vmm/apic_timer_internal.h). Without: the guest's timer
 *   is lost now and then, under load. No test has shown it since; "a timer fires at every moment of a hook"
 *   A periodic timer with a short count, for even a moment, has more expiries to catch up with than can be
 *   (vmm/apic_timer_guest.c). Without: nothing else runs. "a timer fires at every moment of a hook"
 *   Stores at FEE01000h to FEEFFFFFh, and at the local APIC's first register, are messages, with INIT too
 *   (vmm/startup_bus.c, startup_watch.c). Without: they stop the other CPU. "no INIT comes from the bus"
 *   The delivery mode of the local vectors of timer and error, which have none, is obeyed (startup_watch.c).
 *   Without: an SMI. "the local APIC's timer delivers no SMI"
 *   A local APIC that was switched off is not to be switched on again, and sends all the same (core/ipi.c).
 *   A reset of an ATA disk is not over when the BIOS says so (boot/guest_stub_code.S reads without one).
 *   Without: 1 of 25 boots hangs in the BIOS. Seen in 60 boots, by no test
 */
#ifndef CORE_QUIRKS_H
#define CORE_QUIRKS_H

#include "core/exception.h"
#include "core/x86.h"

/* Bochs: a trap that the guest is due comes behind the exit of its instruction, in the host, which sets neither
 * breakpoints nor TF. Without: a panic. Seen, on Bochs's ryzen, with the guests `cpu` and `startup`. */
static inline bool quirk_is_stray_trap(const struct exception_frame *frame)
{
	return frame->vector == VECTOR_DEBUG && !exception_from_user(frame) && !(frame->rflags & RFLAGS_TF);
}

#endif
