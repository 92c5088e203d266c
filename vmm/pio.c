/*
 * vmm/pio.c: the registry of port ranges (IN and OUT on them: vmm/pio_exit.h). pio_lock guards
 * changes of the registry and of the ports' intercepts.
 */
#include "vmm/pio.h"

#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/breakpoint.h"
#include "vmm/flight.h"
#include "vmm/pci_ports.h"
#include "vmm/pio_exit.h"
#include "vmm/registry.h"

#define PORT_LAST 0xffff
#define PIO_FOLLOWED UINT32_MAX /* pio_special: devices may move to ports where somebody follows them (vmm/flight.h) */

struct registry pio_registry;
uint32_t pio_special = EXIT_PORT_STRING | EXIT_PORT_WATCHED;
static struct spinlock pio_lock;

int pio_register(struct access_region *region)
{
	if (region->first > region->last || region->last > PORT_LAST)
		return -RV_EINVAL;
	spinlock_acquire(&pio_lock);
	registry_add(&pio_registry, region);
	for (uint64_t port = region->first; port <= region->last; port++)
		vcpu_ops->intercept_port((uint16_t)port, true);
	spinlock_release(&pio_lock);
	return 0;
}

void pio_follow(void)
{
	__atomic_store_n(&pio_special, PIO_FOLLOWED, __ATOMIC_SEQ_CST);
}

void pio_unregister(struct access_region *region)
{
	bool removed;

	spinlock_acquire(&pio_lock);
	removed = registry_remove(&pio_registry, region);
	for (uint64_t port = region->first; removed && port <= region->last; port++) {
		if (!registry_covers(&pio_registry, port, port))
			vcpu_ops->intercept_port((uint16_t)port, false);
	}
	spinlock_release(&pio_lock);
}

uint32_t pio_raw_read(uint16_t port, uint8_t width_bytes)
{
	return pio_read(port, width_bytes);
}

void pio_raw_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	pio_write(port, width_bytes, value);
}

uint32_t pio_hardware(uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	if (pio_is_pci(port))
		return pci_ports_hardware(port, width_bytes, write, value);
	if (!write)
		return pio_read(port, width_bytes);
	pio_write(port, width_bytes, value);
	return value;
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	return pio_hardware(port, width_bytes, false, 0);
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	(void)pio_hardware(port, width_bytes, true, value);
}

enum access_result pio_offer(struct access *access)
{
	return registry_walk(&pio_registry, access->address,
			     access->address + access->width_bytes - 1, access);
}

/* Where handlers come and go all the time, nobody is there. */
static uint32_t pio_perform_followed(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	struct access access;

	for (unsigned round = 0; round < FLIGHT_ROUNDS_MAXIMUM; round++) {
		uint64_t seen = flight_look(vcpu);

		if (pio_settle(&access, vcpu, port, width_bytes, write, value))
			return (uint32_t)access.value;
		if (pio_is_pci(port)) /* it has a lock of its own, and nobody moves there */
			return pio_hardware(port, width_bytes, write, (uint32_t)access.value);
		if (flight_begin(vcpu, seen)) {
			value = pio_hardware(port, width_bytes, write, (uint32_t)access.value);
			flight_end(vcpu);
			return value;
		}
	}
	return write ? value : (uint32_t)access_mask(&access);
}

uint32_t pio_access(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write,
		    uint32_t value)
{
	return pio_special == PIO_FOLLOWED ? pio_perform_followed(vcpu, port, width_bytes, write, value)
					   : pio_perform(vcpu, port, width_bytes, write, value);
}

bool pio_has_guard_but(uint64_t first, uint64_t last, access_handler handler)
{
	return registry_has_guard_but(&pio_registry, first, last, handler);
}

/* The port may have a breakpoint, whose trap comes behind the instruction. */
static void pio_handle_watched(struct vcpu *vcpu)
{
	unsigned hits = breakpoint_match(vcpu, BREAKPOINT_PORT, exit_port_number(vcpu->exit.port),
					 exit_port_bytes(vcpu->exit.port));
	uint64_t rip = vcpu->rip;

	pio_handle_plain(vcpu, vcpu->exit.port, pio_access);
	if (hits != 0 && vcpu->rip != rip)
		vcpu_ops->inject_breakpoints(vcpu, hits);
}

void pio_handle_special(struct vcpu *vcpu)
{
	if (vcpu->exit.port & EXIT_PORT_STRING)
		pio_handle_string(vcpu);
	else if (vcpu->exit.port & EXIT_PORT_WATCHED)
		pio_handle_watched(vcpu);
	else
		pio_handle_plain(vcpu, vcpu->exit.port, pio_access);
}
