/*
 * process/legacy_pic.h: the 8259 interrupt controllers on machines where their interrupts reach the
 * CPU although the local APIC masks them (LINT0). Bochs is one.
 *
 * While an engine runs with interrupts on, such an interrupt would come on whatever vector the guest
 * has set up, exceptions' included, so there the 8259s themselves are masked for that time. What
 * they are asked for meanwhile stays requested.
 */
#ifndef PROCESS_LEGACY_PIC_H
#define PROCESS_LEGACY_PIC_H

#include "rv/types.h"

struct vcpu;

/* This is such a machine. */
extern bool legacy_pic_bypasses_apic;

/* Tries it out, if the 8259s are in use. Takes up to 60 ms; the interrupt that it may take is handed
 * to the guest. Context: boot, exception_interrupt_handler set. */
void legacy_pic_detect(struct vcpu *vcpu);

void legacy_pic_mask_all(void);
void legacy_pic_restore_all(void);

/* Around an engine that runs with interrupts on. They do nothing on other machines. Context: exit. */
static inline void legacy_pic_mask(void)
{
	if (legacy_pic_bypasses_apic)
		legacy_pic_mask_all();
}

static inline void legacy_pic_restore(void)
{
	if (legacy_pic_bypasses_apic)
		legacy_pic_restore_all();
}

#endif
