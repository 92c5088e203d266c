/*
 * vmm/mmio.c: owns the registry of claimed device memory and how an access to it is performed.
 * mmio_lock serialises changes of the registry with the nested page rights that follow from it. No
 * handler is called with it held.
 */
#include "vmm/mmio.h"

#include "core/cpu.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/flight.h"
#include "vmm/mmio_direct.h"
#include "vmm/mmio_page.h"
#include "vmm/nested_table.h"
#include "vmm/registry.h"

#define MMIO_MERGE_BATCH 32 /* tables at a time */

static struct registry mmio_registry;
static struct spinlock mmio_lock;

static bool mmio_page_wanted(gpa_t page)
{
	return registry_covers(&mmio_registry, page, page + PAGE_MASK);
}

/* Gives the guest what rights to a page the regions leave it. */
static int mmio_set_rights(gpa_t page)
{
	if (memory_is_reserved(page, 1) || registry_covers_reads(&mmio_registry, page, page + PAGE_MASK))
		return nested_deny_page(page);
	if (mmio_page_wanted(page))
		return nested_protect_page(page);
	return nested_restore_page(page);
}

/* The same for [first, end), after a region of these was taken out: what was set before is there to be
 * set, and nothing fails. */
static void mmio_set_rights_again(gpa_t first, gpa_t end)
{
	for (gpa_t page = first; page < end; page += PAGE_BYTES)
		(void)mmio_set_rights(page);
	mmio_direct_update(&mmio_registry);
}

/* When no CPU can be walking them any more. */
static void mmio_free_tables(void *const *tables, unsigned count)
{
	if (count != 0)
		vcpu_intercepts_changed();
	for (unsigned i = 0; i < count; i++)
		memory_free_page(tables[i]);
}

/* Gives back the nested tables that nobody needs to have pages of [first, end) apart. */
static void mmio_merge_pages(gpa_t first, gpa_t end)
{
	void *tables[MMIO_MERGE_BATCH];
	unsigned count = 0;

	for (unsigned level = 1; level <= 2; level++) {
		uint64_t bytes = PAGE_BYTES << 9 * level;

		for (gpa_t at = align_down(first, bytes); at < end; at += bytes) {
			void *table = nested_merge(at, level);

			if (table != NULL)
				tables[count++] = table;
			if (count == MMIO_MERGE_BATCH) {
				mmio_free_tables(tables, count);
				count = 0;
			}
		}
	}
	mmio_free_tables(tables, count);
}

int mmio_register(struct access_region *region)
{
	gpa_t first = align_down(region->first, PAGE_BYTES), page;
	int error = 0;

	if (region->first > region->last || region->last >= paging_direct_bytes)
		return -RV_EINVAL;
	if (memory_is_reserved(region->first, region->last - region->first + 1))
		return -RV_EPERM;
	spinlock_acquire(&mmio_lock);
	registry_add(&mmio_registry, region);
	mmio_direct_update(&mmio_registry);
	for (page = first; page <= region->last && error == 0; page += PAGE_BYTES)
		error = mmio_set_rights(page);
	if (error != 0) {
		(void)registry_remove(&mmio_registry, region);
		mmio_set_rights_again(first, page);
	}
	vcpu_intercepts_changed();
	if (error != 0)
		mmio_merge_pages(first, page);
	spinlock_release(&mmio_lock);
	return error;
}

void mmio_unregister(struct access_region *region)
{
	gpa_t first = align_down(region->first, PAGE_BYTES);
	gpa_t end = align_down(region->last, PAGE_BYTES) + PAGE_BYTES;

	spinlock_acquire(&mmio_lock);
	if (registry_remove(&mmio_registry, region)) {
		mmio_set_rights_again(first, end);
		vcpu_intercepts_changed();
		mmio_merge_pages(first, end);
	}
	spinlock_release(&mmio_lock);
}

/* Tables that hold its pages apart stay, so that it can grow again. */
int mmio_move_end(struct access_region *region, uint64_t last)
{
	gpa_t first = align_down(region->first, PAGE_BYTES), page;
	uint64_t before, end;
	int error = 0;

	spinlock_acquire(&mmio_lock);
	before = region->last;
	end = before > last ? before : last;
	__atomic_store_n(&region->last, last, __ATOMIC_RELEASE);
	mmio_direct_update(&mmio_registry);
	for (page = first; page <= end && error == 0; page += PAGE_BYTES)
		error = mmio_set_rights(page);
	if (error != 0) {
		__atomic_store_n(&region->last, before, __ATOMIC_RELEASE);
		mmio_set_rights_again(first, page);
	}
	vcpu_intercepts_changed();
	spinlock_release(&mmio_lock);
	return error;
}

int mmio_open_page(struct vcpu *vcpu, gpa_t page, void *instead)
{
	int error;

	spinlock_acquire(&mmio_lock);
	if (instead)
		error = nested_move_page(page, memory_physical(instead));
	else
		error = nested_restore_page(page);
	vcpu_ops->nested_flush(vcpu);
	spinlock_release(&mmio_lock);
	return error;
}

void mmio_close_page(struct vcpu *vcpu, gpa_t page)
{
	spinlock_acquire(&mmio_lock);
	/* It was denied before, so its table exists and this does not fail. */
	(void)mmio_set_rights(page);
	vcpu_ops->nested_flush(vcpu);
	vcpu_intercepts_changed();
	spinlock_release(&mmio_lock);
}

int mmio_settle_page(struct vcpu *vcpu, gpa_t page)
{
	int error = 0;

	spinlock_acquire(&mmio_lock);
	if (!mmio_is_claimed(page))
		error = nested_restore_page(page);
	vcpu_ops->nested_flush(vcpu);
	spinlock_release(&mmio_lock);
	return error;
}

bool mmio_is_claimed(gpa_t gpa)
{
	return memory_is_reserved(gpa, 1) || gpa >= vcpu_nested_limit || mmio_page_wanted(align_down(gpa, PAGE_BYTES));
}

bool mmio_is_kept(gpa_t page)
{
	return registry_keeps(&mmio_registry, page, page + PAGE_MASK);
}

bool mmio_has_guard_but(uint64_t first, uint64_t last, access_handler handler)
{
	return registry_has_guard_but(&mmio_registry, first, last, handler);
}

enum access_result mmio_offer(struct access *access)
{
	if (memory_is_reserved(access->address, access->width_bytes)) {
		access->value = access_mask(access);
		access->resolved = true;
		return ACCESS_DONE;
	}
	return registry_walk(&mmio_registry, access->address,
			     access->address + access->width_bytes - 1, access);
}

/* Takes an access through the handlers. True: settled. */
static bool mmio_settle(struct access *access)
{
	return mmio_offer(access) == ACCESS_DONE || (!access->write && access->resolved);
}

/* Bytes of the next access at gpa: what is left if a CPU can access that at once, else the largest
 * aligned piece. */
static uint8_t mmio_piece(gpa_t gpa, unsigned left)
{
	uint8_t piece = 4;

	if (left == 1 || left == 2 || left == 4 || left == 8)
		return (uint8_t)left;
	while (piece > left || (gpa & (piece - 1u)) != 0)
		piece /= 2;
	return piece;
}

/* Reads a piece; where handlers come and go all the time, of nobody. */
static uint64_t mmio_read_piece(struct vcpu *vcpu, gpa_t gpa, uint8_t width_bytes)
{
	struct access access;

	for (unsigned round = 0; round < FLIGHT_ROUNDS_MAXIMUM; round++) {
		uint64_t seen = flight_look(vcpu);

		access = (struct access){ .vcpu = vcpu, .kind = ACCESS_MMIO, .width_bytes = width_bytes,
					  .address = gpa };
		if (mmio_settle(&access))
			return access.value & access_mask(&access);
		if (flight_begin(vcpu, seen)) {
			access.value = mmio_hardware_read(gpa, width_bytes);
			flight_end(vcpu);
			return access.value & access_mask(&access);
		}
	}
	return access_mask(&access);
}

uint64_t mmio_read(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes)
{
	uint64_t value = 0;

	for (unsigned done = 0; done < length_bytes;) {
		uint8_t piece = mmio_piece(gpa + done, length_bytes - done);

		value |= mmio_read_piece(vcpu, gpa + done, piece) << (8 * done);
		done += piece;
	}
	return value;
}

static struct access mmio_write_access(struct vcpu *vcpu, gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	struct access access = {
		.vcpu = vcpu,
		.kind = ACCESS_MMIO,
		.write = true,
		.width_bytes = width_bytes,
		.address = gpa,
		.value = value,
	};

	access.value &= access_mask(&access);
	return access;
}

static void mmio_write_piece(struct vcpu *vcpu, gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	for (unsigned round = 0; round < FLIGHT_ROUNDS_MAXIMUM; round++) {
		uint64_t seen = flight_look(vcpu);
		struct access access = mmio_write_access(vcpu, gpa, width_bytes, value);

		if (mmio_settle(&access))
			return;
		if (flight_begin(vcpu, seen)) {
			mmio_hardware_write(gpa, width_bytes, access.value);
			flight_end(vcpu);
			return;
		}
	}
}

void mmio_write(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes, uint64_t value)
{
	for (unsigned done = 0; done < length_bytes;) {
		uint8_t piece = mmio_piece(gpa + done, length_bytes - done);

		mmio_write_piece(vcpu, gpa + done, piece, value >> (8 * done));
		done += piece;
	}
}

bool mmio_write_locked(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes, uint64_t old,
		       uint64_t value)
{
	uint64_t seen = flight_look(vcpu);
	struct access access = mmio_write_access(vcpu, gpa, (uint8_t)length_bytes, value);
	bool written = true;

	if (mmio_settle(&access))
		return true;
	if (!flight_begin(vcpu, seen))
		return false;
	if (memory_is_ram(gpa, length_bytes))
		written = mmio_hardware_exchange(gpa, length_bytes, old, access.value);
	else
		mmio_hardware_write(gpa, access.width_bytes, access.value);
	flight_end(vcpu);
	return written;
}
