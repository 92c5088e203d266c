/*
 * vmm/pci_follow.c: owns what follows BARs and configuration spaces: where each follower is registered, and the
 * guest's writes that move it. All under pci_functions_lock; no handler is called with it held.
 *
 * A write goes in four steps: what it will make of the function is computed; whoever follows is registered
 * where that will be, and accesses there that know nothing of him are waited for; the hardware is written; and
 * what it made of it is read back, by which the old places are given up. So a place that is computed wrongly costs exits and no more.
 */
#include "vmm/pci_follow.h"

#include "core/apic.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/flight.h"
#include "vmm/grace.h"
#include "vmm/mmio.h"
#include "vmm/pci.h"
#include "vmm/pci_function.h"
#include "vmm/pci_isolate.h"
#include "vmm/pio.h"
#include "vmm/vcpu.h"

#define PORT_LAST 0xffff
#define CONFIGURATION_LAST 0xfff
#define REPORTS_MAXIMUM 8
/* Where I/O APICs, messages and local APICs are on every PC, with guards that come and go. */
#define INTERRUPTS_FIRST UINT64_C(0xfec00000)
#define INTERRUPTS_LAST UINT64_C(0xfeefffff)

/* A follower where it is registered. A walk may stand in it when it is given up, so it is never changed. */
struct pci_place {
	struct access_region region;
	enum access_kind kind;
	uint64_t base; /* of the BAR, or of the configuration space */
	struct pci_follower *follower;
	struct pci_place *next;
	struct grace grace;
};

uint64_t pci_numbers_generation;
static unsigned pci_follow_nr_sizing; /* functions with `sizing` */

static enum access_result pci_place_handle(struct access *access, void *context)
{
	const struct pci_place *place = context;
	struct pci_follower *follower = place->follower;

	/* A region of configuration space is one of each segment. */
	if (place->kind == ACCESS_PCI && ((access->address ^ place->base) & ~PCI_ADDRESS_LAST) != 0)
		return ACCESS_PASS;
	return follower->handler(access, (int64_t)(access->address - place->base), follower->context);
}

/* Where the follower is to be while the function is as `as` says and at that address. 1, 0: nowhere;
 * -RV_ENODATA: it decodes something of which nobody knows the size. */
static int pci_follow_wants(const struct pci_follower *follower, const struct pci_function *as, uint64_t address,
			    struct pci_place *place)
{
	struct pci_bar bar = { .address = address, .size_bytes = CONFIGURATION_LAST + 1, .decoded = true };
	uint64_t last = follower->last;

	if (follower->number != PCI_CONFIGURATION && !pci_function_bar(as, follower->number, &bar))
		return 0;
	if (bar.decoded && bar.size_bytes == 0)
		return -RV_ENODATA;
	if (!bar.decoded || follower->first >= bar.size_bytes)
		return 0;
	if (last >= bar.size_bytes)
		last = bar.size_bytes - 1;
	place->kind = follower->number == PCI_CONFIGURATION ? ACCESS_PCI : bar.port ? ACCESS_PORT : ACCESS_MMIO;
	place->base = bar.address;
	place->region = follower->region;
	place->region.first = bar.address + follower->first;
	place->region.last = bar.address + last;
	if (place->kind == ACCESS_PORT)
		return place->region.last <= PORT_LAST;
	if (place->kind == ACCESS_MMIO)
		return place->region.last < vcpu_nested_limit &&
		       !memory_is_ram(place->region.first, last - follower->first + 1);
	place->region.first &= PCI_ADDRESS_LAST;
	place->region.last &= PCI_ADDRESS_LAST;
	return 1;
}

static bool pci_place_touches(const struct pci_place *place, uint64_t first, uint64_t last)
{
	return place->region.first <= last && place->region.last >= first;
}

/* Would the follower get what is for a guard? It may take an access to be its device's, and perform it. */
static bool pci_place_is_guarded(const struct pci_place *place)
{
	uint64_t first = place->region.first, last = place->region.last, apic;

	if (place->kind == ACCESS_PORT)
		return pio_has_guard_but(first, last, pci_place_handle);
	if (pci_place_touches(place, INTERRUPTS_FIRST, INTERRUPTS_LAST))
		return true;
	if (msr_read_safe(MSR_APIC_BASE, &apic) &&
	    pci_place_touches(place, apic & APIC_BASE_ADDRESS, (apic & APIC_BASE_ADDRESS) | PAGE_MASK))
		return true;
	return mmio_has_guard_but(first, last, pci_place_handle);
}

static int pci_place_register(struct pci_place *place)
{
	if (place->kind == ACCESS_PCI)
		return pci_register(&place->region);
	if (pci_place_is_guarded(place))
		return -RV_EPERM;
	if (place->kind == ACCESS_MMIO)
		return mmio_register(&place->region);
	pio_follow();
	return pio_register(&place->region);
}

static void pci_place_unregister(struct pci_place *place)
{
	if (place->kind == ACCESS_PCI)
		pci_unregister(&place->region);
	else if (place->kind == ACCESS_PORT)
		pio_unregister(&place->region);
	else
		mmio_unregister(&place->region);
}

static void pci_place_free(struct grace *grace)
{
	memory_free(CONTAINER_OF(grace, struct pci_place, grace));
}

static bool pci_place_is(const struct pci_place *place, const struct pci_place *wanted)
{
	return place->kind == wanted->kind && place->base == wanted->base &&
	       place->region.last == wanted->region.last;
}

/* Something done to a follower, which is to be as pci_follow_wants() says. */
typedef int (*pci_follow_step)(struct pci_follower *follower, const struct pci_function *as, uint64_t address);

/* Registers it where it is to be, and leaves it where it is. */
static int pci_follow_prepare(struct pci_follower *follower, const struct pci_function *as, uint64_t address)
{
	struct pci_place wanted, *place;
	int error;

	error = pci_follow_wants(follower, as, address, &wanted);
	if (error <= 0)
		return error;
	for (place = follower->places; place != NULL; place = place->next) {
		if (pci_place_is(place, &wanted))
			return 0;
	}
	place = memory_allocate(sizeof(*place));
	if (place == NULL)
		return -RV_ENOMEM;
	place->region = wanted.region;
	place->region.handler = pci_place_handle;
	place->region.context = place;
	place->kind = wanted.kind;
	place->base = wanted.base;
	place->follower = follower;
	error = pci_place_register(place);
	if (error != 0) {
		memory_free(place);
		return error;
	}
	place->next = follower->places;
	follower->places = place;
	return 0;
}

/* Gives up all places but the one, if any, that is told. */
static void pci_follow_give_up(struct pci_follower *follower, const struct pci_place *but)
{
	struct pci_place **link = &follower->places;

	while (*link != NULL) {
		struct pci_place *place = *link;

		if (but != NULL && pci_place_is(place, but)) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		pci_place_unregister(place);
		grace_begin(&place->grace, pci_place_free);
	}
}

static int pci_follow_settle(struct pci_follower *follower, const struct pci_function *as, uint64_t address)
{
	struct pci_place wanted;
	int any = pci_follow_wants(follower, as, address, &wanted);

	pci_follow_give_up(follower, any > 0 ? &wanted : NULL);
	return 0;
}

static int pci_follow_each(struct pci_function *function, const struct pci_function *as, uint64_t address,
			   pci_follow_step step)
{
	int error = function->nr_watched != 0 ? step(&function->watch, as, address) : 0;

	for (struct pci_follower *follower = function->followers; follower != NULL && error == 0;
	     follower = follower->next)
		error = step(follower, as, address);
	return error;
}

/* All whom it concerns that the function is as `as` says: its own followers, and those one level below. Further
 * down the bus numbers do not change by it. */
static int pci_follow_all(struct pci_function *function, const struct pci_function *as, pci_follow_step step)
{
	int error = pci_follow_each(function, as, pci_function_address(function), step);

	for (struct pci_function *below = pci_functions; below != NULL && error == 0; below = below->next) {
		if (below->bridge == function)
			error = pci_follow_each(below, below, pci_function_below(as, below->slot), step);
	}
	return error;
}

/* The guest's writes and reads ---------------------------------------------------------------------- */

/* A write, or what of it lies within one register of 32 bits. */
struct pci_write {
	uint64_t address;
	unsigned offset; /* in the function */
	uint8_t width_bytes;
	uint32_t value;
	pci_store store;
};

/* The register of 32 bits at `offset`, as the write leaves it. */
static uint32_t pci_write_merge(const struct pci_write *write, unsigned offset, uint32_t old)
{
	unsigned shift = 8 * (write->offset % 4);
	uint32_t mask = (UINT32_MAX >> (32 - 8 * write->width_bytes)) << shift;

	return write->offset / 4 == offset / 4 ? (old & ~mask) | (write->value << shift & mask) : old;
}

/* The register of a BAR that it goes to; nr_bars: none. */
static unsigned pci_write_bar(const struct pci_write *write, const struct pci_function *function)
{
	unsigned number = (write->offset - PCI_BAR) / 4;

	return write->offset >= PCI_BAR && number < function->nr_bars ? number : function->nr_bars;
}

/* The bits of a BAR's register that hold an address, where they are known. */
static uint32_t pci_follow_address_bits(const struct pci_function *function, unsigned number)
{
	struct pci_bar bar;

	if (!pci_function_bar(function, number, &bar))
		return function->ones[number]; /* an upper half */
	return function->ones[number] & ~(bar.port ? PCI_BAR_PORT_FLAGS : PCI_BAR_MEMORY_FLAGS);
}

/* What the guest reads there. */
static uint32_t pci_follow_shown(const struct pci_function *function, unsigned number)
{
	return function->sizing >> number & 1 ? function->ones[number] : function->bars[number];
}

/* Does anybody follow the BAR that has this register? */
static bool pci_follow_has(const struct pci_function *function, unsigned number)
{
	const struct pci_follower *follower = function->followers;
	struct pci_bar bar;

	if (!pci_function_bar(function, number, &bar))
		number--; /* an upper half */
	while (follower != NULL && follower->number != number)
		follower = follower->next;
	return follower != NULL;
}

static void pci_follow_set_sizing(struct pci_function *function, unsigned sizing)
{
	pci_follow_nr_sizing += (unsigned)(sizing != 0) - (unsigned)(function->sizing != 0);
	function->sizing = (uint8_t)sizing;
}

/* Is the write only a question for the size, which the hardware needs not answer? */
static bool pci_follow_takes_ones(struct pci_function *function, unsigned number, const struct pci_write *write)
{
	uint32_t bits = pci_follow_address_bits(function, number);
	uint32_t value = pci_write_merge(write, PCI_BAR + 4 * number, pci_follow_shown(function, number));

	if (!(function->sized >> number & 1) || !pci_follow_has(function, number) || (value & bits) != bits)
		return false;
	pci_follow_set_sizing(function, function->sizing | 1u << number);
	return true;
}

/* What the write will make of the function. */
static struct pci_function pci_write_foresee(const struct pci_write *write, const struct pci_function *function)
{
	struct pci_function next = *function;
	unsigned number = pci_write_bar(write, function);

	next.command = (uint16_t)pci_write_merge(write, PCI_COMMAND, next.command);
	if (next.is_bridge)
		next.secondary = (uint8_t)(pci_write_merge(write, PCI_SECONDARY & ~3, (uint32_t)next.secondary
											      << 8) >> 8);
	if (number < next.nr_bars) {
		uint32_t bits = next.sized >> number & 1 ? pci_follow_address_bits(function, number) : UINT32_MAX;
		uint32_t value = pci_write_merge(write, PCI_BAR + 4 * number, pci_follow_shown(function, number));

		next.bars[number] = (next.bars[number] & ~bits) | (value & bits);
	}
	return next;
}

static void pci_follow_report(const struct pci_function *function, int error)
{
	static unsigned said;

	if (said++ < REPORTS_MAXIMUM)
		log_warning("PCI %02lx:%02x.%u: the guest would move what it decodes to where that cannot be followed "
			    "(error %d): it does not", pci_function_address(function) >> 20 & 0xff,
			    function->slot >> 3, function->slot & 7u, -error);
}

/* The hardware says what it is now. That it can be followed there was seen to before, but for what it answers
 * otherwise than was foreseen: then it is to decode nothing. */
static void pci_follow_catch_up(struct pci_function *function)
{
	uint32_t none = ~(PCI_COMMAND_PORTS | PCI_COMMAND_MEMORY);
	int error;

	pci_function_refresh(function);
	error = pci_follow_all(function, function, pci_follow_prepare);
	if (error != 0) {
		pci_follow_report(function, error);
		pci_hardware_write(pci_function_address(function) + PCI_COMMAND, 2, function->command & none);
		pci_function_refresh(function);
	}
	(void)pci_follow_all(function, function, pci_follow_settle);
}

/* What the function is before the write; whoever is new there has not been asked for sizes. */
static void pci_follow_look(struct pci_function *function)
{
	uint32_t ids = function->ids;

	pci_function_refresh(function);
	if (function->ids != ids)
		pci_follow_set_sizing(function, 0);
}

static void pci_follow_write_watched(struct pci_function *function, const struct pci_write *write)
{
	unsigned number = pci_write_bar(write, function);
	struct pci_function next;
	int error;

	pci_follow_look(function);
	if (number < function->nr_bars) {
		if (pci_follow_takes_ones(function, number, write))
			return;
		pci_follow_set_sizing(function, function->sizing & ~(1u << number));
	}
	next = pci_write_foresee(write, function);
	error = pci_follow_all(function, &next, pci_follow_prepare);
	if (error != 0) {
		pci_follow_report(function, error);
		(void)pci_follow_all(function, function, pci_follow_settle);
		return;
	}
	flight_move();
	write->store(write->address, write->width_bytes, write->value);
	if (number < function->nr_bars && write->width_bytes == 4 && write->value == UINT32_MAX)
		pci_function_learn(function, number);
	pci_follow_catch_up(function);
}

static void pci_follow_write_part(const struct pci_write *write)
{
	struct pci_function *function = pci_function_find(write->address, false);

	if (function != NULL && function->nr_watched != 0)
		pci_follow_write_watched(function, write);
	else
		write->store(write->address, write->width_bytes, write->value);
	if (write->offset / 4 == PCI_SECONDARY / 4)
		__atomic_fetch_add(&pci_numbers_generation, 1, __ATOMIC_RELEASE);
}

void pci_follow_write(const struct access *access, pci_store store)
{
	unsigned done = 0;

	/* Also where nobody follows: whoever begins to, and reads what is there, must not miss this write. */
	spinlock_acquire(&pci_functions_lock);
	while (done < access->width_bytes) {
		struct pci_write write = { .address = access->address + done,
					   .offset = (access->address + done) & CONFIGURATION_LAST,
					   .value = (uint32_t)(access->value >> 8 * done),
					   .store = store };
		unsigned left = access->width_bytes - done, room = 4 - write.offset % 4;

		/* What crosses from one register into the next is two writes, of 1, 2 or 4 bytes. */
		write.width_bytes = (uint8_t)(left <= room && left != 3 ? left : room == 3 || left == 3 ? 1 : room);
		pci_follow_write_part(&write);
		done += write.width_bytes;
	}
	spinlock_release(&pci_functions_lock);
	if (grace_wanted && !access->direct)
		grace_collect();
}

void pci_follow_read(struct access *access)
{
	const struct pci_function *function;

	if (access->resolved || __atomic_load_n(&pci_follow_nr_sizing, __ATOMIC_ACQUIRE) == 0)
		return;
	spinlock_acquire(&pci_functions_lock);
	function = pci_function_find(access->address, false);
	if (function != NULL && function->sizing != 0) {
		access->value = pci_hardware_read(access->address, access->width_bytes);
		for (unsigned i = 0; i < access->width_bytes; i++) {
			unsigned at = (access->address & CONFIGURATION_LAST) + i - PCI_BAR;

			if (at / 4 >= function->nr_bars || !(function->sizing >> at / 4 & 1))
				continue;
			access->value &= ~(UINT64_C(0xff) << 8 * i);
			access->value |= (uint64_t)(function->ones[at / 4] >> 8 * (at % 4) & 0xff) << 8 * i;
		}
		access->resolved = true;
	}
	spinlock_release(&pci_functions_lock);
}

/* Followers ----------------------------------------------------------------------------------------- */

static enum access_result pci_follow_pass(struct access *access, int64_t offset, void *context)
{
	(void)access;
	(void)offset;
	(void)context;
	return ACCESS_PASS;
}

/* Is it the function, or a bridge above it? */
static bool pci_follow_leads_to(const struct pci_function *at, const struct pci_function *function)
{
	while (function != NULL && function != at)
		function = function->bridge;
	return function != NULL;
}

/* Up to `end` in the list; NULL: all. */
static void pci_follow_unwatch(const struct pci_function *function, const struct pci_function *end)
{
	for (struct pci_function *at = pci_functions; at != end; at = at->next) {
		if (!pci_follow_leads_to(at, function) || --at->nr_watched != 0)
			continue;
		pci_follow_give_up(&at->watch, NULL);
		pci_follow_set_sizing(at, 0);
	}
}

/* The guest's writes to the bridges above the function and to itself exit. From the top, so that each is where
 * it is looked for. */
static int pci_follow_watch(const struct pci_function *function)
{
	for (struct pci_function *at = pci_functions; at != NULL; at = at->next) {
		int error;

		if (!pci_follow_leads_to(at, function) || at->nr_watched++ != 0)
			continue;
		at->watch = (struct pci_follower){ .region = { .band = BAND_GUARD }, .number = PCI_CONFIGURATION,
						   .first = PCI_COMMAND, .last = PCI_HEADER_LAST,
						   .handler = pci_follow_pass, .of = at };
		error = pci_follow_prepare(&at->watch, at, pci_function_address(at));
		if (error != 0) {
			at->nr_watched--;
			pci_follow_unwatch(function, at);
			return error;
		}
		pci_follow_look(at); /* nobody has seen what the guest wrote before */
	}
	return 0;
}

/* Is there such a part of it? */
static int pci_follow_check(const struct pci_follower *follower, const struct pci_function *function)
{
	struct pci_bar bar = { .size_bytes = CONFIGURATION_LAST + 1 };

	if (follower->number != PCI_CONFIGURATION && !pci_function_bar(function, follower->number, &bar))
		return -RV_ENOENT;
	if (follower->first > follower->last || (bar.size_bytes != 0 && follower->first >= bar.size_bytes))
		return -RV_EINVAL;
	return 0;
}

static void pci_follow_append(struct pci_function *function, struct pci_follower *follower)
{
	struct pci_follower **link = &function->followers;

	while (*link != NULL)
		link = &(*link)->next;
	follower->next = NULL;
	follower->of = function;
	*link = follower;
}

static int pci_follow_begin(struct pci_function *function, struct pci_follower *follower)
{
	int error = pci_follow_watch(function);

	if (error != 0)
		return error;
	error = pci_follow_check(follower, function);
	if (error == 0)
		error = pci_follow_prepare(follower, function, pci_function_address(function));
	if (error != 0)
		pci_follow_unwatch(function, NULL);
	else
		pci_follow_append(function, follower);
	return error;
}

int pci_follow(struct pci_follower *follower)
{
	struct pci_function *function;
	int error = -RV_ENOENT;

	follower->of = NULL;
	follower->places = NULL;
	spinlock_acquire(&pci_functions_lock);
	function = pci_function_find(follower->function, true);
	if (function != NULL)
		error = pci_follow_begin(function, follower);
	spinlock_release(&pci_functions_lock);
	return error;
}

void pci_unfollow(struct pci_follower *follower)
{
	struct pci_follower **link;

	spinlock_acquire(&pci_functions_lock);
	if (follower->of != NULL) {
		link = &follower->of->followers;
		while (*link != follower)
			link = &(*link)->next;
		*link = follower->next;
		pci_follow_give_up(follower, NULL);
		pci_follow_unwatch(follower->of, NULL);
		follower->of = NULL;
	}
	spinlock_release(&pci_functions_lock);
}

bool pci_follow_base(const struct pci_follower *follower, uint64_t *base, bool *is_port)
{
	bool is_there;

	spinlock_acquire(&pci_functions_lock); /* amid a move there are two places */
	is_there = follower->of != NULL && follower->places != NULL;
	if (is_there) {
		*base = follower->places->base;
		*is_port = follower->places->kind == ACCESS_PORT;
	}
	spinlock_release(&pci_functions_lock);
	return is_there;
}

/* Is it there, as a bridge, and does the bus lie behind it? One that is gone itself has taken with it what was below. */
static bool pci_bridge_leads(const struct pci_function *bridge, uint64_t bus)
{
	uint64_t address = pci_function_address(bridge);

	if (bridge->bridge != NULL && !pci_bridge_leads(bridge->bridge, address >> 20 & 0xff))
		return false;
	if ((pci_hardware_read(address + PCI_ID, 2) & UINT16_MAX) == UINT16_MAX)
		return true;
	return pci_hardware_read(address + PCI_SECONDARY, 1) <= bus && bus <= pci_hardware_read(address + PCI_SUBORDINATE, 1);
}

bool pci_follow_leads(const struct pci_follower *follower, uint64_t *address)
{
	const struct pci_function *function;
	bool leads = false;

	spinlock_acquire(&pci_functions_lock);
	function = follower->of;
	if (function != NULL) {
		*address = pci_function_address(function);
		leads = function->bridge == NULL || pci_bridge_leads(function->bridge, *address >> 20 & 0xff);
	}
	spinlock_release(&pci_functions_lock);
	return leads;
}

int pci_function_switch_off(uint64_t address)
{
	struct pci_function *function;
	int left = -RV_ENOENT;

	spinlock_acquire(&pci_functions_lock);
	function = pci_function_find(address, true);
	if (function != NULL) {
		pci_follow_look(function);
		pci_isolate_virtual_functions(pci_function_address(function));
		pci_hardware_write(pci_function_address(function) + PCI_COMMAND, 2,
				   function->command & ~PCI_COMMAND_ALL);
		pci_follow_catch_up(function);
		left = (int)(function->command & PCI_COMMAND_ALL);
	}
	spinlock_release(&pci_functions_lock);
	return left;
}
