/*
 * process/legacy_pic.c: masks the 8259s where the local APIC cannot (Intel 8259A data sheet). They
 * interrupt the boot CPU only, so it alone masks them, and there is one copy of the masks.
 */
#include "process/legacy_pic.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/exception.h"
#include "core/time.h"
#include "vmm/vcpu.h"

#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA 0xa1
#define PIC_READ_REQUESTS 0x0a /* OCW3: the next read of the command port is the IRR */
#define PIC_ALL 0xff
#define TASK_PRIORITY_HIGHEST 0xf0u
#define DETECT_PER_SECOND 16 /* the timer ticks 18 times a second */

bool legacy_pic_bypasses_apic;
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
	uint32_t spurious, lint0, task_priority;
	struct apic apic;

	if (vcpu->has_pending || !apic_find(&apic) || !legacy_pic_wait())
		return;
	/* As when an engine runs: nothing of the APIC's can come, so what comes is an 8259's. */
	spurious = apic_read(apic, APIC_SVR);
	lint0 = apic_read(apic, APIC_LVT_LINT0);
	task_priority = apic_read(apic, APIC_TPR);
	apic_write(apic, APIC_SVR, spurious | APIC_SVR_ENABLE);
	apic_write(apic, APIC_LVT_LINT0, lint0 | APIC_LVT_MASKED);
	apic_write(apic, APIC_TPR, TASK_PRIORITY_HIGHEST);
	vcpu_ops->host_begin(vcpu);
	exception_take_interrupts();
	vcpu_ops->host_end(vcpu);
	apic_write(apic, APIC_LVT_LINT0, lint0);
	apic_write(apic, APIC_TPR, task_priority);
	apic_write(apic, APIC_SVR, spurious);
	legacy_pic_bypasses_apic = vcpu->has_pending;
}

void legacy_pic_mask_all(void)
{
	if (cpu_current() != &cpu_boot)
		return;
	legacy_pic_masks[0] = port_read8(PIC_MASTER_DATA);
	legacy_pic_masks[1] = port_read8(PIC_SLAVE_DATA);
	port_write8(PIC_MASTER_DATA, PIC_ALL);
	port_write8(PIC_SLAVE_DATA, PIC_ALL);
}

void legacy_pic_restore_all(void)
{
	if (cpu_current() != &cpu_boot)
		return;
	port_write8(PIC_MASTER_DATA, legacy_pic_masks[0]);
	port_write8(PIC_SLAVE_DATA, legacy_pic_masks[1]);
}
