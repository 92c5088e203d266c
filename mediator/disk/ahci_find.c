/*
 * mediator/disk/ahci_find.c: the machine's AHCI controllers, by PCI class 01.06.01 (AHCI 1.3.1, 2.1), and the claims
 * of their registers.
 */
#include "mediator/disk/ahci.h"

#include "core/log.h"
#include "core/memory.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_class.h"
#include "mediator/disk/disk_early.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

static struct ahci_controller *ahci_controllers[RV_SATA_CONTROLLERS];
static unsigned ahci_nr_controllers;

static void ahci_prepare(struct ahci_controller *controller, uint64_t function, const struct pci_bar *bar)
{
	uint32_t implemented = bar->decoded ? (uint32_t)mmio_hardware_read(bar->address + AHCI_PI, 4) : UINT32_MAX;

	controller->function = function;
	controller->base = bar->address;
	controller->registers = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR },
		.function = function,
		.number = AHCI_BAR,
		.last = AHCI_PORTS + AHCI_PORTS_MAXIMUM * AHCI_PORT_BYTES - 1,
		.handler = ahci_access,
		.context = controller,
	};
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		struct ahci_port *port = &controller->ports[i];

		port->controller = controller;
		port->number = (uint8_t)i;
		port->is_there = (implemented & UINT32_C(1) << i) != 0;
		if (!port->is_there || !bar->decoded)
			continue;
		ahci_memory_find_firmware(port);
		ahci_identify(port);
	}
	ahci_doors_prepare(controller);
}

static bool ahci_is_one(uint64_t function)
{
	return pci_hardware_read(function | PCI_CLASS, 4) >> 8 == AHCI_CLASS;
}

static struct ahci_controller *ahci_new(uint64_t function)
{
	size_t nr_pages = align_up(sizeof(struct ahci_controller), PAGE_BYTES) / PAGE_BYTES;
	struct disk_controller *gone = disk_reuse(&ahci_class, function);
	struct ahci_controller *controller;
	uint16_t index;

	if (gone != NULL) {
		controller = CONTAINER_OF(gone, struct ahci_controller, common);
		index = controller->index;
		disk_renew(gone, controller, sizeof(*controller));
		controller->index = index;
		return controller;
	}
	controller = ahci_nr_controllers < RV_SATA_CONTROLLERS ? memory_allocate_pages(nr_pages) : NULL;
	if (controller != NULL)
		controller->index = (uint16_t)ahci_nr_controllers;
	return controller;
}

static void ahci_add(struct ahci_controller *controller)
{
	bool is_new = controller->common.class == NULL;

	controller->common.function = controller->function;
	if (!is_new)
		return;
	controller->common.class = &ahci_class;
	controller->common.lock = &controller->lock;
	controller->common.registers = &controller->registers;
	disk_add(&controller->common);
	ahci_controllers[ahci_nr_controllers] = controller;
	__atomic_store_n(&ahci_nr_controllers, ahci_nr_controllers + 1, __ATOMIC_RELEASE);
}

static void ahci_come(uint64_t function)
{
	struct ahci_controller *controller;
	struct pci_bar bar;

	controller = pci_bar_get(function, AHCI_BAR, &bar) == 0 && !bar.port ? ahci_new(function) : NULL;
	if (controller == NULL) {
		disk_say_left_out("an AHCI controller", function);
		return;
	}
	ahci_prepare(controller, function, &bar);
	ahci_add(controller);
}

static void ahci_look_at(uint64_t function)
{
	if (ahci_is_one(function))
		ahci_come(function);
}

static void ahci_find(void)
{
	pci_functions_visit(ahci_look_at);
}

/* The ports that run get our lists now, or as soon as they have nothing to do and the guest wants something. */
static void ahci_join_all(struct ahci_controller *controller)
{
	struct pci_bar bar;

	if (pci_bar_get(controller->function, AHCI_BAR, &bar) != 0 || !bar.decoded)
		return;
	controller->base = bar.address;
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		if (controller->ports[i].is_there && !controller->ports[i].is_attached)
			(void)ahci_join(&controller->ports[i]);
	}
}

/* Can the device reach our memory (AHCI 1.3.1, 3.1.1: S64A)? */
static bool ahci_reaches(const struct ahci_controller *controller)
{
	struct pci_bar bar;

	if (memory_reserved_start + memory_reserved_bytes <= GIB(4))
		return true;
	return pci_bar_get(controller->function, AHCI_BAR, &bar) == 0 && bar.decoded &&
	       (mmio_hardware_read(bar.address + AHCI_CAP, 4) & AHCI_CAP_S64A);
}

static int ahci_follow(struct ahci_controller *controller)
{
	int error = pci_follow(&controller->registers);

	if (error == 0)
		error = ahci_doors_claim(controller);
	if (error != -RV_EINVAL)
		return error;
	return disk_say_out_of_reach("ahci", controller->index);
}

static void ahci_release(struct ahci_controller *controller)
{
	ahci_doors_release(controller);
	pci_unfollow(&controller->registers);
	controller->is_claimed = false;
}

static int ahci_claim(struct ahci_controller *controller)
{
	int error;

	if (controller->is_claimed)
		return 0;
	if (!ahci_reaches(controller))
		return -RV_ENOTSUP;
	error = ahci_follow(controller);
	controller->is_claimed = true;
	if (error != 0)
		ahci_release(controller);
	else
		ahci_join_all(controller);
	return error;
}

void ahci_release_unwatched(struct ahci_controller *controller)
{
	if (disk_is_watched() || !controller->is_claimed)
		return;
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		struct ahci_port *port = &controller->ports[i];

		if (port->issued != 0 || port->active != 0 || port->out != 0 || port->is_pumped)
			return;
	}
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		if (controller->ports[i].is_attached)
			ahci_leave(&controller->ports[i]);
		if (controller->ports[i].headers != NULL)
			return; /* the device has not let go of it yet */
	}
	ahci_release(controller);
}

static int ahci_claim_one(struct disk_controller *controller)
{
	return ahci_claim(CONTAINER_OF(controller, struct ahci_controller, common));
}

static void ahci_release_one(struct disk_controller *controller)
{
	ahci_release_unwatched(CONTAINER_OF(controller, struct ahci_controller, common));
}

static void ahci_leave_all(struct disk_controller *common)
{
	struct ahci_controller *controller = CONTAINER_OF(common, struct ahci_controller, common);

	log_notice("ahci%u: it is gone", controller->index);
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		controller->ports[i].is_attached = false; /* its registers are not asked */
		ahci_detach(&controller->ports[i], true);
		controller->ports[i].disk.is_there = false;
	}
	ahci_release(controller);
}

static bool ahci_describe(unsigned index, struct rv_disk_info *info)
{
	const struct ata_disk *disk;

	if (index / RV_SATA_PORTS >= ahci_nr_controllers)
		return false;
	disk = &ahci_controllers[index / RV_SATA_PORTS]->ports[index % RV_SATA_PORTS].disk;
	*info = disk->info;
	return disk->is_there;
}

static int ahci_io(unsigned index, struct disk_io *io)
{
	struct rv_disk_info info;

	if (!ahci_describe(index, &info))
		return -RV_ENOENT;
	return ahci_own_io(&ahci_controllers[index / RV_SATA_PORTS]->ports[index % RV_SATA_PORTS], io);
}

static int ahci_read_early(struct disk_early *early)
{
	for (unsigned index = 0; index < ahci_nr_controllers * RV_SATA_PORTS; index++) {
		const struct ahci_port *port = &ahci_controllers[index / RV_SATA_PORTS]->ports[index % RV_SATA_PORTS];

		if (port->disk.is_there && early->namespace == 1 && disk_early_is(early, port->disk.info.serial))
			return ahci_port_read_early(port, early);
	}
	return -RV_ENOENT;
}

const struct disk_class ahci_class = {
	.find = ahci_find,
	.claim = ahci_claim_one,
	.release = ahci_release_one,
	.describe = ahci_describe,
	.io = ahci_io,
	.read_early = ahci_read_early,
	.is_one = ahci_is_one,
	.come = ahci_come,
	.leave = ahci_leave_all,
};
