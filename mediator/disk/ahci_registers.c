/*
 * mediator/disk/ahci_registers.c: a controller's registers as the guest sees them (AHCI 1.3.1, 3).
 */
#include "mediator/disk/ahci.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/time.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "vmm/deadline.h"

#define AHCI_RESET_US 100000 /* that a guest's CPU stands for it; then it is seen when the guest asks */
#define AHCI_ENDS (AHCI_PxIS_DONE | AHCI_PxIS_TFES)

static gpa_t ahci_port_address(const struct ahci_port *port, uint32_t offset)
{
	return port->controller->base + AHCI_PORTS + port->number * AHCI_PORT_BYTES + offset;
}

uint32_t ahci_read(const struct ahci_port *port, uint32_t offset)
{
	return (uint32_t)mmio_hardware_read(ahci_port_address(port, offset), 4);
}

void ahci_write(const struct ahci_port *port, uint32_t offset, uint32_t value)
{
	mmio_hardware_write(ahci_port_address(port, offset), 4, value);
}

/* A port's reads ----------------------------------------------------------------------------------- */

/* Is there an end that hooks still have? Then the guest is told of it again, since it may have looked in vain. */
static bool ahci_has_unseen_end(struct ahci_port *port)
{
	bool any = false;

	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		struct ahci_slot *slot = port->slots[i];

		if (slot == NULL || slot->state != AHCI_DONE_ASKED)
			continue;
		slot->has_waited = true;
		any |= ahci_is_exclusive(slot);
	}
	return any;
}

/* What ends after the register was read is not looked at before the guest knows of it. */
static uint32_t ahci_interrupts(struct ahci_port *port, struct vcpu *vcpu)
{
	uint32_t value;

	port->has_hidden = false;
	value = ahci_read(port, AHCI_PxIS);
	ahci_work(port, vcpu);
	return (ahci_has_unseen_end(port) || port->has_hidden) && !port->is_told ? value & ~AHCI_ENDS : value;
}

static uint32_t ahci_task_file(struct ahci_port *port)
{
	uint32_t value = ahci_read(port, AHCI_PxTFD);

	if (port->shown != 0)
		return (value & 0xffff0000) | port->shown;
	if (!port->is_told && (port->issued & ~port->active))
		return (value & 0xffffff00) | ATA_STATUS_BSY;
	return value;
}

static uint32_t ahci_port_read(struct ahci_port *port, struct vcpu *vcpu, uint32_t offset)
{
	if (offset == AHCI_PxIS)
		return ahci_interrupts(port, vcpu);
	if (offset == AHCI_PxTFD || offset == AHCI_PxSACT || offset == AHCI_PxCI) {
		ahci_work(port, vcpu);
		(void)ahci_has_unseen_end(port);
	}
	if (offset == AHCI_PxSACT || offset == AHCI_PxCI)
		ahci_looked(port, offset == AHCI_PxSACT);
	if (offset == AHCI_PxTFD)
		return ahci_task_file(port);
	if (offset == AHCI_PxSACT)
		return (port->is_attached ? 0 : ahci_read(port, offset)) | port->active;
	if (offset == AHCI_PxCI)
		return (port->is_attached ? 0 : ahci_read(port, offset)) | port->issued;
	if (offset == AHCI_PxCMD)
		ahci_settle(port);
	if (port->is_attached && (offset == AHCI_PxCLB || offset == AHCI_PxCLBU))
		return port->list[(offset - AHCI_PxCLB) / 4];
	return ahci_read(port, offset);
}

/* A port's writes ---------------------------------------------------------------------------------- */

/* Starts it. False: it stays as it is, since its requests could not be seen. */
static bool ahci_may_start(struct ahci_port *port)
{
	int error;

	ahci_settle(port);
	if (!disk_is_watched() && port->headers == NULL)
		return true;
	error = port->is_attached ? -RV_EBUSY : ahci_attach(port);
	if (error != 0)
		log_error("sata%u: it is not let be started, since its requests could not be seen (error %d)",
			  ahci_disk_number(port) % RV_DISKS_A_BUS, -error);
	return error == 0;
}

static bool ahci_may_receive(const struct ahci_port *port)
{
	uint64_t at = ahci_read(port, AHCI_PxFB) | (uint64_t)ahci_read(port, AHCI_PxFBU) << 32;

	return ahci_memory_is_guests(port, at & ~UINT64_C(255), AHCI_RECEIVED_BYTES);
}

static void ahci_command_written(struct ahci_port *port, uint32_t value)
{
	uint32_t was = ahci_read(port, AHCI_PxCMD);

	if ((value & ~was & AHCI_PxCMD_FRE) && !ahci_may_receive(port))
		value &= ~AHCI_PxCMD_FRE;
	if ((value & ~was & AHCI_PxCMD_ST) && !ahci_may_start(port))
		value &= ~AHCI_PxCMD_ST;
	if (was & ~value & AHCI_PxCMD_ST)
		ahci_stop(port, value);
	else
		ahci_write(port, AHCI_PxCMD, value);
}

/* The link, and the device, are reset while DET is 1, and come up when it is 0 again: then nothing is at the device,
 * though a port that runs still says so. */
static void ahci_link_written(struct ahci_port *port, uint32_t value)
{
	uint32_t was = ahci_read(port, AHCI_PxSCTL) & AHCI_PxSCTL_DET;

	ahci_write(port, AHCI_PxSCTL, value);
	if (was == 0 || (value & AHCI_PxSCTL_DET) != 0)
		return;
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		struct ahci_slot *slot = port->slots[i];

		if (slot != NULL && slot->state == AHCI_AT_DEVICE)
			slot->state = AHCI_FAILED;
		else if (slot != NULL && slot->state == AHCI_STALE)
			ahci_slot_free(slot);
	}
	port->has_log = false;
	port->is_failed |= port->out != 0;
	port->is_told |= port->is_failed;
	port->out = 0;
	ahci_settle(port);
}

static void ahci_issue_written(struct ahci_port *port, struct vcpu *vcpu, uint32_t value)
{
	ahci_work(port, vcpu);
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL)
			value &= ~(UINT32_C(1) << i);
	}
	port->issued |= value;
	port->waiting |= value;
	ahci_work(port, vcpu);
}

/* An error that the guest cannot know of yet stays. */
static void ahci_interrupts_written(struct ahci_port *port, struct vcpu *vcpu, uint32_t value)
{
	ahci_work(port, vcpu);
	if (port->out != 0 && !port->is_failed)
		value &= ~AHCI_PxIS_TFES;
	ahci_write(port, AHCI_PxIS, value);
	/* Firmware goes by this alone, and never looks which have ended. */
	if (value & AHCI_PxIS_DONE)
		port->has_news[0] = port->has_news[1] = false;
}

static void ahci_port_write(struct ahci_port *port, struct vcpu *vcpu, uint32_t offset, uint32_t value)
{
	bool is_ours = port->is_attached || port->waiting != 0 || disk_is_watched();
	bool runs = (ahci_read(port, AHCI_PxCMD) & AHCI_PxCMD_ST) != 0;

	if (offset == AHCI_PxCMD)
		ahci_command_written(port, value);
	else if (offset == AHCI_PxSCTL)
		ahci_link_written(port, value);
	else if (offset == AHCI_PxIS)
		ahci_interrupts_written(port, vcpu, value);
	else if (is_ours && offset == AHCI_PxCI && runs)
		ahci_issue_written(port, vcpu, value);
	else if (is_ours && offset == AHCI_PxSACT && runs)
		port->active |= value;
	else if ((is_ours && (offset == AHCI_PxCI || offset == AHCI_PxSACT || offset == AHCI_PxFBS)) ||
		 (runs && (offset == AHCI_PxCLB || offset == AHCI_PxCLBU)) ||
		 (offset <= AHCI_PxFBU && offset >= AHCI_PxFB && (ahci_read(port, AHCI_PxCMD) & AHCI_PxCMD_FRE)))
		return; /* not to be written now */
	else
		ahci_write(port, offset, value);
}

/* The controller's --------------------------------------------------------------------------------- */

static void ahci_work_all(struct ahci_controller *controller, struct vcpu *vcpu)
{
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		if (controller->ports[i].issued != 0 || controller->ports[i].out != 0)
			ahci_work(&controller->ports[i], vcpu);
	}
}

static void ahci_reset(struct ahci_controller *controller, uint32_t value)
{
	uint64_t end = tsc_read() + time_tsc_of_us(AHCI_RESET_US);
	gpa_t at = controller->base + AHCI_GHC;
	bool is_reset;

	mmio_hardware_write(at, 4, value);
	do {
		is_reset = !(mmio_hardware_read(at, 4) & AHCI_GHC_HR);
	} while (!is_reset && tsc_read() < end);
	for (unsigned i = 0; i < AHCI_PORTS_MAXIMUM; i++) {
		if (is_reset && controller->ports[i].is_there)
			ahci_detach(&controller->ports[i], true);
	}
}

static bool ahci_is_hidden(uint32_t offset)
{
	return offset == AHCI_CCC_CTL || offset == AHCI_CCC_PORTS;
}

static struct ahci_port *ahci_port_of(struct ahci_controller *controller, uint32_t offset)
{
	uint32_t number = (offset - AHCI_PORTS) / AHCI_PORT_BYTES;

	return offset >= AHCI_PORTS && number < AHCI_PORTS_MAXIMUM && controller->ports[number].is_there
		       ? &controller->ports[number] : NULL;
}

static uint32_t ahci_register_read(struct ahci_controller *controller, struct vcpu *vcpu, uint32_t offset)
{
	struct ahci_port *port = ahci_port_of(controller, offset);
	uint32_t value;

	if (port != NULL)
		return ahci_port_read(port, vcpu, offset % AHCI_PORT_BYTES);
	value = (uint32_t)mmio_hardware_read(controller->base + offset, 4);
	if (offset == AHCI_IS)
		ahci_work_all(controller, vcpu);
	if (offset == AHCI_CAP)
		return value & ~(AHCI_CAP_CCCS | AHCI_CAP_FBSS | (cipher_is_wanted() ? AHCI_CAP_SPM : 0));
	return ahci_is_hidden(offset) ? 0 : value;
}

static void ahci_register_write(struct ahci_controller *controller, struct vcpu *vcpu, uint32_t offset, uint32_t value)
{
	struct ahci_port *port = ahci_port_of(controller, offset);

	if (port != NULL)
		ahci_port_write(port, vcpu, offset % AHCI_PORT_BYTES, value);
	else if (offset == AHCI_GHC && (value & AHCI_GHC_HR))
		ahci_reset(controller, value);
	else if (!ahci_is_hidden(offset))
		mmio_hardware_write(controller->base + offset, 4, value);
}

/* Of these, bits that are not written stay as they are by being 0. */
static bool ahci_is_by_ones(struct ahci_controller *controller, uint32_t offset)
{
	if (ahci_port_of(controller, offset) == NULL)
		return offset == AHCI_IS;
	offset %= AHCI_PORT_BYTES;
	return offset == AHCI_PxIS || offset == AHCI_PxSERR || offset == AHCI_PxSACT || offset == AHCI_PxCI;
}

/* Registers have four bytes; an access of another width is to a part of one, or to several. */
void ahci_registers_access(struct ahci_controller *controller, struct access *access, uint32_t offset)
{
	uint64_t value = 0;

	for (uint32_t at = offset & ~3u; at < offset + access->width_bytes; at += 4) {
		uint32_t from = at < offset ? offset - at : 0, until = offset + access->width_bytes - at;
		uint32_t mask = (until < 4 ? (1u << 8 * until) - 1 : ~0u) & ~((1u << 8 * from) - 1), part;
		int shift = 8 * ((int)at - (int)offset);

		if (!access->write) {
			part = ahci_register_read(controller, access->vcpu, at) & mask;
			value |= shift < 0 ? part >> -shift : (uint64_t)part << shift;
			continue;
		}
		part = (uint32_t)(shift < 0 ? access->value << -shift : access->value >> shift) & mask;
		if (mask != ~0u && !ahci_is_by_ones(controller, at))
			part |= ahci_register_read(controller, access->vcpu, at) & ~mask;
		ahci_register_write(controller, access->vcpu, at, part);
	}
	if (!access->write)
		access->value = value;
}

enum access_result ahci_access(struct access *access, int64_t offset, void *context)
{
	struct ahci_controller *controller = context;

	if (offset < 0)
		return ACCESS_PASS;
	if (access->direct) { /* a script's own would be a way round those of others */
		access->fault = true;
		return ACCESS_DONE;
	}
	spinlock_acquire(&controller->lock);
	controller->base = access->address - (uint64_t)offset;
	ahci_registers_access(controller, access, (uint32_t)offset);
	ahci_release_unwatched(controller);
	spinlock_release(&controller->lock);
	/* Without an interrupt a guest that polls may be the only occasion. */
	deadline_look(access->vcpu);
	access->resolved = true;
	return ACCESS_DONE;
}
