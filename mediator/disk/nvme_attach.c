/*
 * mediator/disk/nvme_attach.c: between the guest's enabling a controller and its disabling it, the device has
 * queues of ours.
 */
#include "mediator/disk/nvme.h"

#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/interrupt_watch.h"

static bool nvme_is_supported(const struct nvme_controller *controller)
{
	uint32_t high = nvme_read(controller, NVME_CAP_HIGH);

	return NVME_CAP_HIGH_MPSMIN(high) == 0 && 4u << NVME_CAP_HIGH_DSTRD(high) == controller->doorbell_bytes &&
	       (nvme_read(controller, NVME_CAP) & 0xffff) >= NVME_CQ_ENTRIES - 1;
}

static void nvme_exchange_admin(struct nvme_controller *controller, bool ours)
{
	uint64_t sq = ours ? memory_physical(controller->sqs[0]->ring) : nvme_pair(controller->asq);
	uint64_t cq = ours ? memory_physical(controller->cqs[0]->ring) : nvme_pair(controller->acq);

	nvme_write(controller, NVME_AQA, ours ? (NVME_CQ_ENTRIES - 1) << 16 | (NVME_SQ_ENTRIES - 1) : controller->aqa);
	nvme_write(controller, NVME_ASQ, (uint32_t)sq);
	nvme_write(controller, NVME_ASQ + 4, (uint32_t)(sq >> 32));
	nvme_write(controller, NVME_ACQ, (uint32_t)cq);
	nvme_write(controller, NVME_ACQ + 4, (uint32_t)(cq >> 32));
}

static int nvme_make_admin(struct nvme_controller *controller)
{
	gpa_t asq = nvme_pair(controller->asq) & ~PAGE_MASK, acq = nvme_pair(controller->acq) & ~PAGE_MASK;
	uint32_t asq_size = (controller->aqa & NVME_AQA_SIZE) + 1, acq_size = (controller->aqa >> 16 & NVME_AQA_SIZE) + 1;

	if (asq_size < 2 || acq_size < 2 || !memory_is_ram(asq, asq_size * sizeof(struct nvme_command)) ||
	    !memory_is_ram(acq, acq_size * sizeof(struct nvme_completion)))
		return -RV_EFAULT;
	controller->cqs[0] = nvme_cq_new(0, acq, acq_size);
	if (controller->cqs[0] == NULL)
		return -RV_ENOMEM;
	controller->cqs[0]->interrupts = true;
	controller->queues_end = 1;
	controller->sqs[0] = nvme_sq_new(controller, 0, controller->cqs[0], asq, asq_size);
	if (controller->sqs[0] != NULL)
		return 0;
	nvme_cq_free(controller->cqs[0]);
	controller->cqs[0] = NULL;
	return -RV_ENOMEM;
}

int nvme_attach(struct nvme_controller *controller)
{
	int error;

	if (!nvme_is_supported(controller))
		return -RV_ENOTSUP;
	controller->aqa = nvme_read(controller, NVME_AQA);
	for (unsigned i = 0; i < 2; i++) {
		controller->asq[i] = nvme_read(controller, NVME_ASQ + 4 * i);
		controller->acq[i] = nvme_read(controller, NVME_ACQ + 4 * i);
	}
	error = nvme_make_admin(controller);
	if (error != 0)
		return error;
	nvme_exchange_admin(controller, true);
	__atomic_store_n(&controller->is_attached, true, __ATOMIC_RELEASE);
	interrupt_want_everywhere(true);
	log_info("nvme%u: its queues are ours: requests are seen", controller->index);
	return 0;
}

void nvme_end(struct nvme_controller *controller)
{
	if (!controller->is_attached)
		return;
	for (unsigned i = 0; i < NVME_QUEUES_MAXIMUM; i++) {
		if (controller->sqs[i] != NULL)
			nvme_sq_end(controller->sqs[i]);
		controller->sqs[i] = NULL;
	}
	for (unsigned i = 0; i < NVME_QUEUES_MAXIMUM; i++) {
		nvme_cq_free(controller->cqs[i]);
		controller->cqs[i] = NULL;
	}
	controller->shadow_doorbells = controller->event_indexes = NULL;
	controller->own_number = 0;
	controller->own_is_begun = false;
	controller->is_stopping = false;
	controller->has_failed = false;
	__atomic_store_n(&controller->is_attached, false, __ATOMIC_RELEASE);
	interrupt_want_everywhere(false);
}

void nvme_detach(struct nvme_controller *controller)
{
	nvme_end(controller);
	nvme_exchange_admin(controller, false);
	log_info("nvme%u: disabled: its queues are the guest's", controller->index);
}
