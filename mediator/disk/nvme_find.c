/*
 * mediator/disk/nvme_find.c: the machine's NVMe controllers, by PCI class 01.08.02 (NVM Express over PCIe
 * Transport 1.0c, 3.8), and the claims of their registers.
 */
#include "mediator/disk/nvme.h"

#include "core/log.h"
#include "core/memory.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_class.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define NVME_CLASS 0x010802

static struct nvme_controller *nvme_controllers[RV_NVME_CONTROLLERS];
static unsigned nvme_nr_controllers;

struct nvme_controller *nvme_controller_at(unsigned position)
{
	return position < nvme_nr_controllers ? nvme_controllers[position] : NULL;
}

static void nvme_prepare(struct nvme_controller *controller, uint64_t function, const struct pci_bar *bar)
{
	controller->function = function;
	controller->base = bar->address;
	controller->doorbell_bytes = bar->decoded ? 4u << NVME_CAP_HIGH_DSTRD(nvme_read(controller, NVME_CAP_HIGH)) : 4;
	controller->registers = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR },
		.function = function,
		.last = NVME_DOORBELLS - 1,
		.handler = nvme_registers_access,
		.context = controller,
	};
	controller->doorbells = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR, .writes_only = true },
		.function = function,
		.first = NVME_DOORBELLS,
		.last = NVME_DOORBELLS + 2 * NVME_QUEUES_MAXIMUM * controller->doorbell_bytes - 1,
		.handler = nvme_doorbell_access,
		.context = controller,
	};
}

static bool nvme_is_one(uint64_t function)
{
	return pci_hardware_read(function | PCI_CLASS, 4) >> 8 == NVME_CLASS;
}

static struct nvme_controller *nvme_new(uint64_t function)
{
	size_t nr_pages = align_up(sizeof(struct nvme_controller), PAGE_BYTES) / PAGE_BYTES;
	struct disk_controller *gone = disk_reuse(&nvme_class, function);
	struct nvme_controller *controller;
	uint16_t index;

	if (gone != NULL) {
		controller = CONTAINER_OF(gone, struct nvme_controller, common);
		index = controller->index;
		disk_renew(gone, controller, sizeof(*controller));
		controller->index = index;
		return controller;
	}
	controller = nvme_nr_controllers < RV_NVME_CONTROLLERS ? memory_allocate_pages(nr_pages) : NULL;
	if (controller != NULL)
		controller->index = (uint16_t)nvme_nr_controllers;
	return controller;
}

static void nvme_add(struct nvme_controller *controller)
{
	bool is_new = controller->common.class == NULL;

	controller->common.function = controller->function;
	if (!is_new)
		return;
	controller->common.class = &nvme_class;
	controller->common.lock = &controller->lock;
	controller->common.registers = &controller->registers;
	disk_add(&controller->common);
	nvme_controllers[nvme_nr_controllers] = controller;
	__atomic_store_n(&nvme_nr_controllers, nvme_nr_controllers + 1, __ATOMIC_RELEASE);
}

static void nvme_come(uint64_t function)
{
	struct nvme_controller *controller;
	struct pci_bar bar;

	controller = pci_bar_get(function, 0, &bar) == 0 && !bar.port ? nvme_new(function) : NULL;
	if (controller == NULL) {
		disk_say_left_out("an NVMe controller", function);
		return;
	}
	nvme_prepare(controller, function, &bar);
	nvme_add(controller);
	nvme_watch_interrupts();
}

static void nvme_look_at(uint64_t function)
{
	struct nvme_controller *controller;
	struct pci_bar bar;

	if (!nvme_is_one(function))
		return;
	nvme_come(function);
	controller = nvme_nr_controllers != 0 ? nvme_controllers[nvme_nr_controllers - 1] : NULL;
	if (controller != NULL && controller->function == function && disk_takes_over() &&
	    pci_bar_get(function, 0, &bar) == 0 && bar.decoded)
		nvme_firmware_note(controller);
}

static void nvme_find(void)
{
	pci_functions_visit(nvme_look_at);
}

/* Queues that were made before, and are not taken over (nvme_firmware.c), are not known: where they are is not to be read
 * back. */
static void nvme_look_whether_enabled(const struct nvme_controller *controller)
{
	struct pci_bar bar;

	if (controller->is_attached || pci_bar_get(controller->function, 0, &bar) != 0 || !bar.decoded)
		return;
	if (mmio_hardware_read(bar.address + NVME_CC, 4) & NVME_CC_EN)
		log_warning("nvme%u: it is in use already: %s until the guest resets it, as an OS does when it starts",
			    controller->index, cipher_is_wanted() ? "nothing reaches it" : "its requests pass unseen");
}

/* -RV_EINVAL: they are where neither we nor the registry of memory can get at them. */
static int nvme_follow(struct nvme_controller *controller)
{
	int error = pci_follow(&controller->registers);

	if (error == 0)
		error = pci_follow(&controller->doorbells);
	if (error != -RV_EINVAL)
		return error;
	return disk_say_out_of_reach("nvme", controller->index);
}

static int nvme_claim(struct nvme_controller *controller)
{
	int error;

	if (controller->is_claimed)
		return 0;
	error = nvme_follow(controller);
	controller->is_claimed = true;
	if (error != 0) {
		nvme_release(controller);
	} else {
		nvme_firmware_take_over(controller);
		nvme_look_whether_enabled(controller);
	}
	return error;
}

void nvme_release(struct nvme_controller *controller)
{
	if (!controller->is_claimed || controller->is_attached)
		return;
	pci_unfollow(&controller->doorbells);
	pci_unfollow(&controller->registers);
	controller->is_claimed = false;
}

static int nvme_claim_one(struct disk_controller *controller)
{
	return nvme_claim(CONTAINER_OF(controller, struct nvme_controller, common));
}

static void nvme_release_one(struct disk_controller *controller)
{
	nvme_release(CONTAINER_OF(controller, struct nvme_controller, common));
}

static void nvme_leave(struct disk_controller *common)
{
	struct nvme_controller *controller = CONTAINER_OF(common, struct nvme_controller, common);

	log_notice("nvme%u: it is gone", controller->index);
	nvme_end(controller);
	nvme_forget_namespaces(controller);
	nvme_release(controller);
}

static bool nvme_describe(unsigned index, struct rv_disk_info *info)
{
	const struct nvme_namespace *namespace;

	if (index / RV_NVME_NAMESPACES >= nvme_nr_controllers)
		return false;
	namespace = &nvme_controllers[index / RV_NVME_NAMESPACES]->namespaces[index % RV_NVME_NAMESPACES];
	*info = namespace->info;
	return namespace->is_known;
}

static int nvme_fail(unsigned index, uint32_t event)
{
	struct nvme_controller *controller = nvme_controller_at(index / RV_NVME_NAMESPACES);
	int error = 0;

	if (controller == NULL)
		return -RV_ENOENT;
	spinlock_acquire(&controller->lock);
	if (event != 0)
		error = nvme_tell(controller, event);
	else if (controller->is_attached)
		controller->has_failed = true;
	else
		error = -RV_EAGAIN;
	spinlock_release(&controller->lock);
	return error;
}

const struct disk_class nvme_class = {
	.find = nvme_find,
	.claim = nvme_claim_one,
	.release = nvme_release_one,
	.describe = nvme_describe,
	.fail = nvme_fail,
	.io = nvme_io,
	.read_early = nvme_read_early,
	.is_one = nvme_is_one,
	.come = nvme_come,
	.leave = nvme_leave,
};
