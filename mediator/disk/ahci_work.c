/*
 * mediator/disk/ahci_work.c: has commands and their ends go on, as far as they can: at each access to a register.
 */
#include "mediator/disk/ahci.h"

/* All that the guest has given. One CPU at a time is at a port, so that hooks see its commands in order; who comes
 * meanwhile leaves them to that one. */
static bool ahci_pump(struct ahci_port *port, struct vcpu *vcpu)
{
	struct ahci_slot *slot;
	bool any = false;

	if (port->is_pumped || port->waiting == 0 || (!port->is_attached && !ahci_join(port)))
		return false;
	port->is_pumped = true;
	while (port->is_attached && (slot = ahci_take(port)) != NULL) {
		ahci_begin(slot, vcpu);
		any = true;
	}
	port->is_pumped = false;
	return any;
}

/* One that can be given to the device now; those that want it alone first, or they would wait for ever. */
static struct ahci_slot *ahci_next_ready(const struct ahci_port *port)
{
	struct ahci_slot *found = NULL;

	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		struct ahci_slot *slot = port->slots[i];

		if (slot == NULL || slot->state != AHCI_READY)
			continue;
		if (ahci_is_exclusive(slot))
			return port->out == 0 ? slot : NULL;
		if (found == NULL)
			found = slot;
	}
	return found;
}

static void ahci_submit(struct ahci_slot *slot)
{
	struct ahci_port *port = slot->port;

	ahci_command_write(slot);
	slot->state = AHCI_AT_DEVICE;
	port->out |= ahci_bit(slot);
	if (!ahci_is_exclusive(slot)) /* what the guest goes by is PxSACT */
		port->issued &= ~ahci_bit(slot);
	/* The device reads the header when it hears of it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!ahci_is_exclusive(slot))
		ahci_write(port, AHCI_PxSACT, ahci_bit(slot));
	ahci_write(port, AHCI_PxCI, ahci_bit(slot));
}

/* Is the one that is at the device alone? */
static bool ahci_is_alone(const struct ahci_port *port)
{
	return ahci_is_exclusive(port->slots[__builtin_ctz(port->out)]);
}

static bool ahci_submit_all(struct ahci_port *port)
{
	struct ahci_slot *slot;
	bool any = false;

	while (port->is_attached && !port->is_failed && !(port->out != 0 && ahci_is_alone(port)) &&
	       (slot = ahci_next_ready(port)) != NULL) {
		ahci_submit(slot);
		any = true;
	}
	return any;
}

/* What the device is done with. A command that fails keeps its bit (AHCI 1.3.1, 6.2.2.1); emulators may clear it, and
 * keep one in PxCI that is no more in PxSACT. */
static void ahci_look(struct ahci_port *port)
{
	bool is_alone = ahci_is_alone(port), has_failed;
	uint32_t done = port->out & ~ahci_read(port, is_alone ? AHCI_PxCI : AHCI_PxSACT);

	has_failed = (ahci_read(port, AHCI_PxIS) & AHCI_PxIS_TFES) != 0;
	if (is_alone && has_failed)
		done = port->out;
	port->is_failed = has_failed;
	if (has_failed && !is_alone) { /* the disk knows more of that */
		port->is_told = true;
		port->has_log = false;
	}
	port->out &= ~done;
	for (; done != 0; done &= done - 1) {
		struct ahci_slot *slot = port->slots[__builtin_ctz(done)];

		slot->state = AHCI_DONE;
		slot->has_failed = is_alone && has_failed;
	}
}

static bool ahci_harvest(struct ahci_port *port, struct vcpu *vcpu)
{
	bool any = false;

	if (port->out != 0 && !port->is_failed) {
		if (ahci_read(port, AHCI_PxCMD) & AHCI_PxCMD_ST)
			ahci_look(port);
		else /* reset by other ways than its registers */
			ahci_settle(port);
	}
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] == NULL || port->slots[i]->state != AHCI_DONE)
			continue;
		ahci_complete(port->slots[i], vcpu);
		any = true;
	}
	return any;
}

void ahci_work(struct ahci_port *port, struct vcpu *vcpu)
{
	bool any;

	do {
		any = ahci_harvest(port, vcpu);
		any |= ahci_pump(port, vcpu);
		any |= ahci_submit_all(port);
	} while (any);
}
