/*
 * iommu/vt_d_firmware.c: what firmware is told that had VT-d on before us and goes on with it as our guest:
 * it changes its tables, invalidates, and switches translation off when it ends, waiting each time for
 * the registers to say that it is done. They say so, and nothing is done: devices have our tables.
 *
 * The guest may say there what it likes. It is the state of the guest's alone, so without a lock.
 */
#include "iommu/vt_d.h"

#include "iommu/vt_d_regs.h"
#include "vmm/access.h"

static struct vt_d_unit *firmware_unit(uint64_t address)
{
	for (unsigned i = 0; i < vt_d_nr_units; i++) {
		if (address - vt_d_units[i].registers < PAGE_BYTES)
			return &vt_d_units[i];
	}
	return NULL;
}

static void firmware_write(struct vt_d_unit *unit, uint64_t offset, uint64_t value)
{
	const uint32_t switches = VT_D_TRANSLATION | VT_D_QUEUED | VT_D_INTERRUPT_REMAPPING |
				  VT_D_COMPATIBILITY_FORMAT;
	uint32_t command = (uint32_t)value;

	if (offset == VT_D_COMMAND)
		unit->status = (command & switches) | ((unit->status | command) & VT_D_DONE_ONCE);
	else if (offset == VT_D_PROTECTED)
		unit->protected_regions = command & VT_D_PROTECTED_ENABLE;
	else if (offset == VT_D_QUEUE_TAIL)
		unit->queue_tail = value;
}

/* Zeros stand for all that is busy with nothing. */
static uint64_t firmware_read(const struct vt_d_unit *unit, uint64_t offset)
{
	switch (offset) {
	case VT_D_STATUS:
		return unit->status;
	case VT_D_PROTECTED:
		return unit->protected_regions | (unit->protected_regions != 0 ? VT_D_PROTECTED_STATUS : 0);
	case VT_D_QUEUE_HEAD:
	case VT_D_QUEUE_TAIL:
		return unit->queue_tail;
	default:
		return 0;
	}
}

bool vt_d_answer(struct access *access)
{
	struct vt_d_unit *unit = firmware_unit(access->address);
	uint64_t offset;

	if (unit == NULL || !unit->was_on)
		return false;
	offset = access->address - unit->registers;
	if (access->write) {
		firmware_write(unit, offset, access->value);
	} else if (offset < VT_D_COMMAND) {
		access_fetch(access); /* what it is able to do */
	} else {
		access->value = firmware_read(unit, offset) & access_mask(access);
		access_answer(access);
	}
	return true;
}
