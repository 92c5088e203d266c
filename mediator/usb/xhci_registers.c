/*
 * mediator/usb/xhci_registers.c: what the guest writes to the operational registers: resets, and where its commands are.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "vmm/deadline.h"

#define XHCI_IDLE_OFFSET 64

static uint64_t xhci_crcr(const struct xhci_controller *controller)
{
	return (uint64_t)controller->crcr[1] << 32 | controller->crcr[0];
}

/* Where there are no commands: behind the table of our events, which is in a page of zeros. */
static uint64_t xhci_no_commands(const struct xhci_controller *controller)
{
	return memory_physical(controller->erst) + XHCI_IDLE_OFFSET;
}

/* While commands are executed the controller takes no address, but bits that stop these (5.4.5). It may have stopped since it
 * said so: with these bits it gets an address where nothing is, and without them none. (QEMU's takes one at any time, but never
 * says that it runs.) */
static void xhci_commands_stopped(struct xhci_controller *controller, uint32_t offset)
{
	uint32_t at = controller->operational + offset, stops = controller->crcr[0] & XHCI_CRCR_STOPS;
	uint64_t nowhere = xhci_no_commands(controller);

	if (stops != 0)
		xhci_put(controller, at, offset == XHCI_CRCR ? (uint32_t)nowhere | stops | XHCI_CRCR_RCS : (uint32_t)(nowhere >> 32));
}

/* One half: both are written, since the controller takes each by itself. A ring that we cannot follow it does not get. */
static void xhci_commands_written(struct xhci_controller *controller, uint32_t offset, uint32_t value, struct vcpu *vcpu)
{
	uint32_t at = controller->operational + XHCI_CRCR;
	uint64_t ring;

	controller->crcr[(offset - XHCI_CRCR) / 4] = value;
	if (!controller->is_seen) {
		xhci_put(controller, controller->operational + offset, value);
		return;
	}
	if (xhci_get(controller, at) & XHCI_CRCR_CRR) {
		xhci_commands_stopped(controller, offset);
		return;
	}
	ring = xhci_crcr(controller) & XHCI_CRCR_ADDRESS;
	if (xhci_ring_begin(&controller->commands, ring, controller->crcr[0] & XHCI_CRCR_RCS) != 0) {
		controller->commands.at.segment = NULL;
		ring = xhci_no_commands(controller);
		controller->crcr[0] |= XHCI_CRCR_RCS;
	}
	if (xhci_get(controller, controller->operational + XHCI_USBSTS) & XHCI_USBSTS_HCH)
		xhci_ring_leave_others(&controller->commands); /* else a doorbell may have it run again, before it gets the address */
	xhci_put(controller, at, (uint32_t)ring | (controller->crcr[0] & XHCI_CRCR_RCS));
	xhci_put(controller, at + 4, (uint32_t)(ring >> 32));
	xhci_ring_pump(&controller->commands, vcpu);
}

/* Where the guest has not said where its commands are, the controller would take them from where those of before were, or
 * from address 0. */
static void xhci_commands_close(struct xhci_controller *controller)
{
	uint32_t at = controller->operational + XHCI_CRCR;
	uint64_t nowhere = xhci_no_commands(controller);

	if (!controller->is_seen || controller->commands.at.segment != NULL || (xhci_get(controller, at) & XHCI_CRCR_CRR))
		return;
	xhci_put(controller, at, (uint32_t)nowhere | XHCI_CRCR_RCS);
	xhci_put(controller, at + 4, (uint32_t)(nowhere >> 32));
}

/* It reads no ring any more before these are the guest's. */
static void xhci_reset(struct xhci_controller *controller, uint32_t value)
{
	xhci_put(controller, controller->operational + XHCI_USBCMD, value);
	xhci_forget(controller);
	controller->crcr[0] = controller->crcr[1] = controller->config = 0;
	if (!controller->is_seen)
		log_info("xhci%u: reset: its devices are seen", controller->index);
	controller->is_seen = true;
}

static void xhci_command_written(struct xhci_controller *controller, uint32_t value)
{
	if (value & XHCI_USBCMD_RUN) {
		if (xhci_get(controller, controller->operational + XHCI_USBSTS) & XHCI_USBSTS_HCH)
			xhci_transfers_free_stale(controller);
		xhci_commands_close(controller);
		xhci_events_start(controller);
		xhci_harvest_begin(controller);
	}
	xhci_put(controller, controller->operational + XHCI_USBCMD, value);
}

/* A sleep, or a reset that is none of its own registers' (its function's, its bus's, D3hot), has it forget all: how many slots there are,
 * too, without which it does nothing. */
static bool xhci_has_forgotten(struct xhci_controller *controller)
{
	return controller->has_slept || (controller->config != 0 && XHCI_CONFIG_SLOTS(xhci_get(controller, controller->operational + XHCI_CONFIG)) == 0);
}

/* By what is there it is known that the controller has not forgotten, so none goes, which it may not while it runs (5.4.7), with the
 * commands. */
static void xhci_config_written(struct xhci_controller *controller, uint32_t value)
{
	uint32_t at = controller->operational;

	if (controller->config != 0 && XHCI_CONFIG_SLOTS(value) == 0) {
		if (!(xhci_get(controller, at + XHCI_USBSTS) & XHCI_USBSTS_HCH) || (xhci_get(controller, at + XHCI_CRCR) & XHCI_CRCR_CRR))
			return;
		xhci_ring_end(&controller->commands);
	}
	xhci_put(controller, at + XHCI_CONFIG, value);
	controller->config = XHCI_CONFIG_SLOTS(xhci_get(controller, at + XHCI_CONFIG));
}

/* One register of 32 bits: ours to write. */
static void xhci_register_written(struct xhci_controller *controller, uint32_t offset, uint32_t value, struct vcpu *vcpu)
{
	bool begins = offset == XHCI_USBCMD || offset == XHCI_CONFIG || offset == XHCI_CRCR || offset == XHCI_CRCR + 4;

	if (begins && xhci_has_forgotten(controller)) {
		controller->has_slept = false;
		controller->config = 0;
		xhci_ring_end(&controller->commands);
	}
	if (offset == XHCI_CRCR || offset == XHCI_CRCR + 4)
		xhci_commands_written(controller, offset, value, vcpu);
	else if (offset == XHCI_CONFIG)
		xhci_config_written(controller, value);
	else if (offset == XHCI_USBCMD && (value & XHCI_USBCMD_HCRST))
		xhci_reset(controller, value);
	else if (offset == XHCI_USBCMD)
		xhci_command_written(controller, value);
	else
		xhci_put(controller, controller->operational + offset, value);
}

/* Registers have 32 bits, and are written as such or two at once (5.1); what is less or beside changes none of them. Those of ports are not looked at. */
static enum access_result xhci_written(struct xhci_controller *controller, struct access *access, int64_t offset)
{
	uint32_t at;

	if (!xhci_learn(controller) || offset < controller->operational ||
	    offset >= controller->operational + XHCI_OPERATIONAL_BYTES)
		return ACCESS_PASS;
	at = (uint32_t)offset - controller->operational;
	if (at % 4 != 0 || access->width_bytes < 4) {
		access_drop(access);
		return ACCESS_DONE;
	}
	for (unsigned i = 0; i < access->width_bytes; i += 4)
		xhci_register_written(controller, at + i, (uint32_t)(access->value >> 8 * i), access->vcpu);
	access->resolved = true;
	return ACCESS_DONE;
}

/* There are no streams: of an endpoint with these somebody would have to follow up to 65,536 rings. */
static enum access_result xhci_read(struct xhci_controller *controller, struct access *access, int64_t offset)
{
	uint64_t value;

	if (!controller->watches_transfers || offset < XHCI_HCCPARAMS1 || offset + access->width_bytes > XHCI_HCCPARAMS1 + 8)
		return ACCESS_PASS;
	value = xhci_get(controller, XHCI_HCCPARAMS1) & ~XHCI_HCCPARAMS1_STREAMS;
	value |= (uint64_t)xhci_get(controller, XHCI_HCCPARAMS1 + 4) << 32;
	access->value = value >> 8 * (offset - XHCI_HCCPARAMS1) & access_mask(access);
	access->resolved = true;
	return ACCESS_DONE;
}

enum access_result xhci_registers_access(struct access *access, int64_t offset, void *context)
{
	struct xhci_controller *controller = context;
	enum access_result result;

	if (!access->write)
		return xhci_read(controller, access, offset);
	if (access->direct || offset < 0) {
		access->fault |= access->direct;
		access_drop(access);
		return ACCESS_DONE;
	}
	spinlock_acquire(&xhci_lock);
	result = controller->is_claimed ? xhci_written(controller, access, offset) : ACCESS_PASS;
	spinlock_release(&xhci_lock);
	xhci_tell_detached(controller, access->vcpu);
	if (deadline_due()) /* news of sticks are for somebody */
		deadline_check(access->vcpu);
	return result;
}
