/*
 * process/legacy_pic.c: masks the 8259s where the local APIC cannot (Intel 8259A data sheet). Engines
 * run one at a time (hook_lock), so there is one copy of the masks.
 */
#include "process/legacy_pic.h"

#include "core/exception.h"
#include "core/instructions.h"
#include "core/time.h"
#include "process/apic_timer.h"
#include "vmm/vcpu.h"

#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA 0xa1
#define PIC_READ_REQUESTS 0x0a /* OCW3: the next read of the command port is the IRR */
#define PIC_ALL 0xff
#define DETECT_PER_SECOND 16 /* the timer ticks 18 times a second */

static bool legacy_pic_bypasses_apic;
static uint8_t legacy_pic_masks[2];

/* Waits until the first 8259 wants to interrupt; false if it does not. */
static bool legacy_pic_wait(void)
{
	uint8_t enabled = (uint8_t)~port_read8(PIC_MASTER_DATA);
	uint64_t start = tsc_read();

	if (enabled == 0)
		return false;
	port_write8(PIC_MASTER_COMMAND, PIC_READ_REQUESTS);
	while (!(port_read8(PIC_MASTER_COMMAND) & enabled)) {
		if (tsc_read() - start > time_tsc_hz / DETECT_PER_SECOND)
			return false;
	}
	return true;
}

void legacy_pic_detect(struct vcpu *vcpu)
{
	if (vcpu->has_pending || !legacy_pic_wait())
		return;
	vcpu_ops->host_begin(vcpu);
	/* As when an engine runs: of class 0xf nothing is in use yet, so what comes is an 8259's. */
	if (apic_timer_borrow(apic_timer_hz)) {
		exception_take_interrupts();
		apic_timer_return(vcpu);
	}
	vcpu_ops->host_end(vcpu);
	legacy_pic_bypasses_apic = vcpu->has_pending;
}

void legacy_pic_mask(void)
{
	if (!legacy_pic_bypasses_apic)
		return;
	legacy_pic_masks[0] = port_read8(PIC_MASTER_DATA);
	legacy_pic_masks[1] = port_read8(PIC_SLAVE_DATA);
	port_write8(PIC_MASTER_DATA, PIC_ALL);
	port_write8(PIC_SLAVE_DATA, PIC_ALL);
}

void legacy_pic_restore(void)
{
	if (!legacy_pic_bypasses_apic)
		return;
	port_write8(PIC_MASTER_DATA, legacy_pic_masks[0]);
	port_write8(PIC_SLAVE_DATA, legacy_pic_masks[1]);
}
