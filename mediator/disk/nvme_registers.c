/*
 * mediator/disk/nvme_registers.c: a controller's registers as the guest sees them (NVM Express 2.0c, 3.1.3). Those
 * that say where the admin queues are hold what the guest wrote, while the device has ours; what would be a way
 * round us (memory of the controller's own for queues) is not there.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/time.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"

#define NVME_STOP_US 100000 /* that a guest's CPU stands for a reset; then it is seen when the guest asks */

uint32_t nvme_read(const struct nvme_controller *controller, uint32_t offset)
{
	return (uint32_t)mmio_hardware_read(controller->base + offset, 4);
}

void nvme_write(const struct nvme_controller *controller, uint32_t offset, uint32_t value)
{
	mmio_hardware_write(controller->base + offset, 4, value);
}

void nvme_ring(const struct nvme_controller *controller, uint32_t queue, bool completions, uint32_t value)
{
	nvme_write(controller, NVME_DOORBELLS + (2 * queue + completions) * controller->doorbell_bytes, value);
}

/* Disabling and enabling --------------------------------------------------------------------------- */

static bool nvme_is_disabled(const struct nvme_controller *controller)
{
	return !(nvme_read(controller, NVME_CC) & NVME_CC_EN) && !(nvme_read(controller, NVME_CSTS) & NVME_CSTS_RDY);
}

/* Once it says so, the device is done with all memory that it had (NVM Express 2.0c, 3.7.2). */
static void nvme_settle(struct nvme_controller *controller)
{
	if (!controller->is_attached || !nvme_is_disabled(controller))
		return;
	nvme_detach(controller);
	if (!disk_is_watched())
		nvme_release(controller);
}

static void nvme_disable(struct nvme_controller *controller, uint32_t value)
{
	uint64_t end = tsc_read() + time_tsc_of_us(NVME_STOP_US);

	controller->is_stopping = controller->is_attached;
	nvme_write(controller, NVME_CC, value);
	while (controller->is_stopping && !nvme_is_disabled(controller) && tsc_read() < end)
		cpu_pause();
	nvme_settle(controller);
}

/* False: it stays as it is, and the guest's driver sees that it does not become ready. */
static bool nvme_may_enable(struct nvme_controller *controller)
{
	int error;

	nvme_settle(controller); /* it may have been reset by other ways than this register */
	if (!disk_is_watched() && !controller->is_attached)
		return true;
	error = controller->is_attached ? -RV_EAGAIN : nvme_attach(controller);
	if (error != 0)
		log_error("nvme%u: it is not let be enabled, since its requests could not be seen (error %d): %s",
			  controller->index, -error,
			  error == -RV_ENOMEM	? "give more with memory="
			  : error == -RV_EAGAIN ? "it has not ended what it did before"
						: "its queues or pages are such that this is not supported");
	return error == 0;
}

static void nvme_configuration_written(struct nvme_controller *controller, uint32_t value)
{
	bool was_enabled = (nvme_read(controller, NVME_CC) & NVME_CC_EN) != 0;

	if (!(value & NVME_CC_EN)) {
		nvme_disable(controller, value);
		return;
	}
	if (!was_enabled && !nvme_may_enable(controller))
		return;
	if (value & NVME_CC_SHN) /* the guest may need the memory for something else, and never disable it */
		controller->shadow_doorbells = controller->event_indexes = NULL;
	/* Other pages and entries than those of our queues would have the device take memory behind them. */
	if (controller->is_attached)
		value = (value & ~(NVME_CC_MPS | NVME_CC_ENTRIES)) | NVME_CC_ENTRIES_64_16;
	nvme_write(controller, NVME_CC, value);
}

/* Registers ---------------------------------------------------------------------------------------- */

/* What the guest has in the place of a register; NULL: the register itself. */
static uint32_t *nvme_shadow(struct nvme_controller *controller, uint32_t offset)
{
	if (!controller->is_attached)
		return NULL;
	switch (offset) {
	case NVME_AQA:
		return &controller->aqa;
	case NVME_ASQ:
	case NVME_ASQ + 4:
		return &controller->asq[(offset - NVME_ASQ) / 4];
	case NVME_ACQ:
	case NVME_ACQ + 4:
		return &controller->acq[(offset - NVME_ACQ) / 4];
	default:
		return NULL;
	}
}

static bool nvme_is_hidden(uint32_t offset)
{
	return offset == NVME_CMBLOC || offset == NVME_CMBSZ || (offset & ~7u) == NVME_CMBMSC || offset >= NVME_PMR;
}

static uint32_t nvme_register_read(struct nvme_controller *controller, uint32_t offset)
{
	const uint32_t *shadow = nvme_shadow(controller, offset);

	if (shadow != NULL)
		return *shadow;
	if (nvme_is_hidden(offset))
		return 0;
	if (offset == NVME_CSTS) {
		nvme_settle(controller);
		return nvme_read(controller, offset) | (controller->has_failed ? NVME_CSTS_CFS : 0);
	}
	if (offset == NVME_CAP)
		return nvme_read(controller, offset) | NVME_CAP_CQR;
	if (offset == NVME_CAP_HIGH)
		return nvme_read(controller, offset) &
		       ~(NVME_CAP_HIGH_MPSMAX | NVME_CAP_HIGH_CMBS | NVME_CAP_HIGH_PMRS);
	return nvme_read(controller, offset);
}

static void nvme_register_write(struct nvme_controller *controller, uint32_t offset, uint32_t value)
{
	uint32_t *shadow = nvme_shadow(controller, offset);

	if (shadow != NULL)
		*shadow = value;
	else if (offset == NVME_CC)
		nvme_configuration_written(controller, value);
	else if (!nvme_is_hidden(offset))
		nvme_write(controller, offset, value);
}

/* Registers are accessed as they are, or in pairs (3.1.2): of other writes nothing is promised, and nothing
 * done. Reads of a part are answered. */
static void nvme_access(struct nvme_controller *controller, struct access *access, uint32_t offset)
{
	bool whole = access->width_bytes >= 4 && offset % 4 == 0;
	unsigned shift = 8 * (offset % 4);

	if (!access->write)
		access->value = nvme_register_read(controller, offset & ~3u) >> shift & access_mask(access);
	else if (whole)
		nvme_register_write(controller, offset, (uint32_t)access->value);
	if (access->width_bytes != 8 || !whole)
		return;
	if (access->write)
		nvme_register_write(controller, offset + 4, (uint32_t)(access->value >> 32));
	else
		access->value |= (uint64_t)nvme_register_read(controller, offset + 4) << 32;
}

/* A script's own accesses would be a way round those of others. */
static bool nvme_is_foreign(struct access *access)
{
	access->fault |= access->direct;
	return access->direct;
}

enum access_result nvme_registers_access(struct access *access, int64_t offset, void *context)
{
	struct nvme_controller *controller = context;

	if (offset < 0)
		return ACCESS_PASS;
	if (nvme_is_foreign(access))
		return ACCESS_DONE;
	spinlock_acquire(&controller->lock);
	controller->base = access->address - (uint64_t)offset;
	nvme_access(controller, access, (uint32_t)offset);
	spinlock_release(&controller->lock);
	access->resolved = true;
	return ACCESS_DONE;
}

/* Doorbells ---------------------------------------------------------------------------------------- */

static void nvme_tail_written(struct nvme_controller *controller, uint32_t queue, uint32_t tail, struct vcpu *vcpu)
{
	struct nvme_sq *sq = queue < NVME_QUEUES_MAXIMUM ? controller->sqs[queue] : NULL;

	if (sq == NULL || tail >= sq->size)
		return;
	if (!nvme_doorbells_have(sq)) {
		sq->tail = tail;
		nvme_doorbells_rung(controller, queue, false, tail);
	}
	nvme_work(controller, vcpu);
	nvme_wait(controller, queue, vcpu);
}

static void nvme_head_written(struct nvme_controller *controller, uint32_t queue, uint32_t head, struct vcpu *vcpu)
{
	struct nvme_cq *cq = queue < NVME_QUEUES_MAXIMUM ? controller->cqs[queue] : NULL;

	if (cq == NULL || head >= cq->size)
		return;
	cq->head = head;
	nvme_doorbells_rung(controller, queue, true, head);
	nvme_post_kept(controller, cq);
	nvme_work(controller, vcpu);
}

enum access_result nvme_doorbell_access(struct access *access, int64_t offset, void *context)
{
	struct nvme_controller *controller = context;
	uint64_t at = (uint64_t)offset - NVME_DOORBELLS;
	enum access_result result = ACCESS_DONE;
	uint32_t index;

	if (!access->write || offset < NVME_DOORBELLS)
		return ACCESS_PASS;
	if (nvme_is_foreign(access))
		return ACCESS_DONE;
	spinlock_acquire(&controller->lock);
	controller->base = access->address - (uint64_t)offset;
	index = (uint32_t)(at / controller->doorbell_bytes);
	if (!controller->is_attached) /* to queues that we do not see: where disks are encrypted it does not ring */
		result = cipher_is_wanted() ? ACCESS_DONE : ACCESS_PASS;
	else if (access->width_bytes == 4 && at % controller->doorbell_bytes == 0 && index % 2 == 0)
		nvme_tail_written(controller, index / 2, access->value & 0xffff, access->vcpu);
	else if (access->width_bytes == 4 && at % controller->doorbell_bytes == 0)
		nvme_head_written(controller, index / 2, access->value & 0xffff, access->vcpu);
	spinlock_release(&controller->lock);
	return result;
}
