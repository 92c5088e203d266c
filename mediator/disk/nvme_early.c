/*
 * mediator/disk/nvme_early.c: reads the beginning of a namespace before the guest runs, by queues of our own and one
 * command at a time (NVM Express 2.0c, 3.5.1), and leaves the controller disabled.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "mediator/disk/disk_early.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define EARLY_ENTRIES 16 /* of each queue */
#define EARLY_COMMAND_US 2000000
#define EARLY_READY_MS 500 /* CAP.TO counts in these */
#define EARLY_PAGES 5
#define EARLY_DATA 4 /* which of them; before it two for each queue, submission and completions */

struct nvme_early {
	struct nvme_controller *controller;
	uint8_t *pages;
	uint32_t tails[2], heads[2]; /* of the admin queue, and the other */
	bool phases[2];		     /* of the next completion */
	uint32_t command;	     /* PCI's */
};

static uint8_t *early_page(const struct nvme_early *early, unsigned number)
{
	return early->pages + number * PAGE_BYTES;
}

bool nvme_enable_early(const struct nvme_controller *controller, bool enable)
{
	uint64_t most_ms = (uint64_t)EARLY_READY_MS * (1 + (nvme_read(controller, NVME_CAP) >> 24));
	uint64_t end = tsc_read() + time_tsc_of_us(most_ms * 1000);

	nvme_write(controller, NVME_CC, enable ? NVME_CC_ENTRIES_64_16 | NVME_CC_EN : 0);
	while (!(nvme_read(controller, NVME_CSTS) & NVME_CSTS_RDY) == enable) {
		if (tsc_read() >= end || (enable && (nvme_read(controller, NVME_CSTS) & NVME_CSTS_CFS)))
			return false;
		cpu_pause();
	}
	return true;
}

/* False: the controller is disabled, and has no memory of ours; or it cannot be had. */
static bool early_begin(struct nvme_early *early)
{
	struct nvme_controller *controller = early->controller;
	uint64_t sq, cq;
	struct pci_bar bar;

	if (pci_bar_get(controller->function, 0, &bar) != 0 || !bar.decoded || early->pages == NULL)
		return false;
	controller->base = bar.address;
	if (NVME_CAP_HIGH_MPSMIN(nvme_read(controller, NVME_CAP_HIGH)) != 0)
		return false;
	early->command = pci_hardware_read(controller->function | PCI_COMMAND, 2);
	if (!nvme_enable_early(controller, false))
		return false;
	sq = memory_physical(early_page(early, 0));
	cq = memory_physical(early_page(early, 1));
	pci_hardware_write(controller->function | PCI_COMMAND, 2, early->command | PCI_COMMAND_MASTER);
	nvme_write(controller, NVME_AQA, (EARLY_ENTRIES - 1) << 16 | (EARLY_ENTRIES - 1));
	nvme_write(controller, NVME_ASQ, (uint32_t)sq);
	nvme_write(controller, NVME_ASQ + 4, (uint32_t)(sq >> 32));
	nvme_write(controller, NVME_ACQ, (uint32_t)cq);
	nvme_write(controller, NVME_ACQ + 4, (uint32_t)(cq >> 32));
	(void)nvme_enable_early(controller, true); /* else its first command does not end */
	return true;
}

/* A controller that does not stop may write to our pages for ever: they stay its. */
static void early_end(struct nvme_early *early)
{
	if (nvme_enable_early(early->controller, false))
		memory_free_pages(early->pages, EARLY_PAGES);
	pci_hardware_write(early->controller->function | PCI_COMMAND, 2, early->command);
}

/* One command, to its end. */
static bool early_do(struct nvme_early *early, unsigned queue, const struct nvme_command *command)
{
	uint8_t *sq = early_page(early, 2 * queue);
	const struct nvme_completion *ring = (const void *)early_page(early, 2 * queue + 1);
	const uint32_t *last = &ring[early->heads[queue]].words[3];
	uint64_t end = tsc_read() + time_tsc_of_us(EARLY_COMMAND_US);
	uint32_t status;

	memcpy(sq + early->tails[queue] * sizeof(*command), command, sizeof(*command));
	early->tails[queue] = (early->tails[queue] + 1) % EARLY_ENTRIES;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the command is there before the device is told */
	nvme_ring(early->controller, queue, false, early->tails[queue]);
	do {
		status = __atomic_load_n(last, __ATOMIC_ACQUIRE);
		if ((status >> 16 & 1) != early->phases[queue])
			break;
		cpu_pause();
	} while (tsc_read() < end);
	if ((status >> 16 & 1) == early->phases[queue])
		return false;
	early->heads[queue] = (early->heads[queue] + 1) % EARLY_ENTRIES;
	if (early->heads[queue] == 0)
		early->phases[queue] = !early->phases[queue];
	nvme_ring(early->controller, queue, true, early->heads[queue]);
	return (status >> 17 & NVME_STATUS_CODE) == 0;
}

static bool early_identify(struct nvme_early *early, uint32_t which, uint32_t namespace)
{
	uint64_t data = memory_physical(early_page(early, EARLY_DATA));
	struct nvme_command command = { { NVME_IDENTIFY, namespace, [NVME_WORD_PRP1] = (uint32_t)data,
					  (uint32_t)(data >> 32), [10] = which } };

	return early_do(early, 0, &command);
}

static bool early_make_queue(struct nvme_early *early)
{
	uint64_t cq = memory_physical(early_page(early, 3)), sq = memory_physical(early_page(early, 2));
	struct nvme_command completions = { { NVME_CREATE_CQ, [NVME_WORD_PRP1] = (uint32_t)cq, (uint32_t)(cq >> 32),
					      [10] = (EARLY_ENTRIES - 1) << 16 | 1, NVME_QUEUE_CONTIGUOUS } };
	struct nvme_command submission = { { NVME_CREATE_SQ, [NVME_WORD_PRP1] = (uint32_t)sq, (uint32_t)(sq >> 32),
					     [10] = (EARLY_ENTRIES - 1) << 16 | 1, 1 << 16 | NVME_QUEUE_CONTIGUOUS } };

	return early_do(early, 0, &completions) && early_do(early, 0, &submission);
}

static int early_read(struct nvme_early *early, struct disk_early *disk)
{
	uint64_t data = memory_physical(early_page(early, EARLY_DATA));
	uint32_t blocks = PAGE_BYTES / disk->info.sector_bytes;

	if (!early_make_queue(early))
		return -RV_EIO;
	for (uint64_t at = 0; at < disk->length_bytes; at += PAGE_BYTES) {
		struct nvme_command command = { { NVME_READ, disk->namespace, [NVME_WORD_PRP1] = (uint32_t)data,
						  (uint32_t)(data >> 32), [10] = (uint32_t)(at / PAGE_BYTES * blocks), 0,
						  blocks - 1 } };

		if (!early_do(early, 1, &command))
			return -RV_EIO;
		memcpy(disk->to + at, early_page(early, EARLY_DATA), PAGE_BYTES);
	}
	return 0;
}

/* Those that there are. */
static int early_identify_all(struct nvme_early *early)
{
	if (!early_identify(early, NVME_IDENTIFY_CONTROLLER, 0))
		return -RV_EIO;
	nvme_identified_controller(early->controller, early_page(early, EARLY_DATA));
	for (uint32_t number = 1; number <= RV_NVME_NAMESPACES; number++) {
		if (early_identify(early, NVME_IDENTIFY_NAMESPACE, number))
			nvme_identified_namespace(early->controller, number, early_page(early, EARLY_DATA));
	}
	return 0;
}

/* The controller answers. */
static int early_look(struct nvme_early *early, struct disk_early *disk)
{
	struct nvme_controller *controller = early->controller;
	const struct nvme_namespace *namespace;
	int error;

	if (!early_identify(early, NVME_IDENTIFY_CONTROLLER, 0))
		return -RV_EIO;
	nvme_identified_controller(controller, early_page(early, EARLY_DATA));
	if (!disk_early_is(disk, controller->serial))
		return -RV_ENOENT;
	if (!early_identify(early, NVME_IDENTIFY_NAMESPACE, disk->namespace))
		return -RV_ENOENT;
	nvme_identified_namespace(controller, disk->namespace, early_page(early, EARLY_DATA));
	namespace = nvme_namespace_of(controller, disk->namespace);
	if (namespace == NULL)
		return -RV_ENOENT;
	error = namespace->metadata_bytes != 0 ? -RV_ENOTSUP : disk_early_found(disk, &namespace->info);
	return error != 0 ? error : early_read(early, disk);
}

/* `disk` NULL: it is asked what it is. */
static int early_go(struct nvme_controller *controller, struct disk_early *disk)
{
	struct nvme_early early = {
		.controller = controller,
		.pages = memory_allocate_device_pages(EARLY_PAGES),
	};
	int error;

	if (early.pages == NULL)
		return -RV_ENOMEM;
	if (!early_begin(&early)) {
		memory_free_pages(early.pages, EARLY_PAGES);
		return -RV_ENOENT;
	}
	error = disk != NULL ? early_look(&early, disk) : early_identify_all(&early);
	early_end(&early);
	return error == -RV_EIO && disk != NULL && disk->info.sector_bytes == 0 ? -RV_ENOENT : error;
}

int nvme_identify_early(struct nvme_controller *controller)
{
	return early_go(controller, NULL);
}

int nvme_read_early(struct disk_early *disk)
{
	int error = -RV_ENOENT;

	for (unsigned i = 0; error == -RV_ENOENT && nvme_controller_at(i) != NULL; i++) {
		struct nvme_controller *controller = nvme_controller_at(i);

		if (controller->serial[0] == '\0' || disk_early_is(disk, controller->serial))
			error = early_go(controller, disk);
	}
	return error;
}
