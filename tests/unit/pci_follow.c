/*
 * tests/unit/pci_follow.c: followers of BARs and of configuration spaces, on a model of PCI functions below
 * bridges. At each write of the hardware the model looks whether everybody who follows is registered where the
 * hardware then is: that is what a CPU of the guest would find that executes between the write and its end.
 */
#include "vmm/pci_follow.h"

#include "core/acpi.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/flight.h"
#include "vmm/grace.h"
#include "vmm/mmio.h"
#include "vmm/pci.h"
#include "vmm/pci_function.h"
#include "vmm/pci_ports.h"
#include "vmm/pio.h"

#define MODELS 8
#define REGIONS 64
#define RAM_END 0x8000000
#define GUARDED 0xd0000000u

hpa_t vcpu_nested_limit = UINT64_C(1) << 40;
bool grace_wanted;

/* A function: below which, and which bits of its registers can be written. */
struct model {
	int bridge; /* -1: bus 0 */
	uint8_t slot;
	uint8_t config[64];
	uint8_t writable[64];
	bool unplugged;
};

static struct model models[MODELS];
static unsigned nr_models;

static struct access_region *regions[3][REGIONS]; /* ports, memory, configuration */
static unsigned nr_regions[3];
static int register_error;
static unsigned nr_unawaited; /* regions that accesses on their way may not know of */

static struct pci_follower *followers[16]; /* those that are registered */
static int follower_models[16];
static unsigned nr_followers;

void spinlock_acquire(struct spinlock *lock)
{
	if (lock->holder++ != 0)
		unit_fail("taken twice");
}

void spinlock_release(struct spinlock *lock)
{
	lock->holder = 0;
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

bool memory_is_ram(hpa_t hpa, uint64_t length_bytes)
{
	return hpa < RAM_END && length_bytes <= RAM_END - hpa;
}

void grace_begin(struct grace *grace, void (*end)(struct grace *grace))
{
	end(grace);
}

void grace_collect(void)
{
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	UNIT_EQUAL(msr, 0x1b);
	*value = 0xfee00900;
	return true;
}

bool acpi_mcfg(unsigned index, struct acpi_mcfg *window)
{
	(void)index;
	(void)window;
	return false;
}

int pci_ports_claim(void)
{
	return 0;
}

void pci_ports_release(void)
{
}

static int add(unsigned kind, struct access_region *region)
{
	if (register_error != 0)
		return register_error;
	if (nr_regions[kind] == REGIONS)
		abort();
	regions[kind][nr_regions[kind]++] = region;
	nr_unawaited++;
	return 0;
}

/* Accesses that do not know of the new region are over. */
void flight_move(void)
{
	nr_unawaited = 0;
}

void pio_follow(void)
{
}

static void take(unsigned kind, struct access_region *region)
{
	for (unsigned i = 0; i < nr_regions[kind]; i++) {
		if (regions[kind][i] == region) {
			regions[kind][i] = regions[kind][--nr_regions[kind]];
			return;
		}
	}
	unit_fail("unregistered what was not");
}

#define REGISTRY(name, kind)                                                                       \
	int name##_register(struct access_region *region)                                          \
	{                                                                                          \
		return add(kind, region);                                                          \
	}                                                                                          \
	void name##_unregister(struct access_region *region)                                       \
	{                                                                                          \
		take(kind, region);                                                                \
	}

REGISTRY(pio, 0)
REGISTRY(mmio, 1)
REGISTRY(pci, 2)

bool pio_has_guard_but(uint64_t first, uint64_t last, access_handler handler)
{
	(void)handler;
	return first <= 0xcff && last >= 0xcf8;
}

bool mmio_has_guard_but(uint64_t first, uint64_t last, access_handler handler)
{
	(void)handler;
	return first <= GUARDED + 0xfff && last >= GUARDED;
}

/* The follower that a region's handler calls, and the offset that it is told. */
static const void *noted;
static int64_t noted_offset;

static enum access_result note(struct access *access, int64_t offset, void *context)
{
	(void)access;
	noted = context;
	noted_offset = offset;
	return ACCESS_PASS;
}

/* Does an access there come to the follower, as one to that offset? */
static bool reaches(unsigned kind, uint64_t address, const struct pci_follower *follower, uint64_t offset)
{
	for (unsigned i = 0; i < nr_regions[kind]; i++) {
		const struct access_region *region = regions[kind][i];
		struct access access = { .address = address, .width_bytes = 1 };

		if (region->first > address || region->last < address)
			continue;
		noted = NULL;
		(void)region->handler(&access, region->context);
		if (noted == follower && (uint64_t)noted_offset == offset)
			return true;
	}
	return false;
}

/* The model ----------------------------------------------------------------------------------------- */

static uint32_t model_get(const struct model *model, unsigned offset, unsigned width_bytes)
{
	uint32_t value = 0;

	memcpy(&value, model->config + offset, width_bytes);
	return value;
}

static void model_set(struct model *model, unsigned offset, uint32_t value, uint32_t writable)
{
	memcpy(model->config + offset, &value, 4);
	memcpy(model->writable + offset, &writable, 4);
}

static struct model *model_add(int bridge, uint8_t slot, uint32_t ids)
{
	struct model *model = &models[nr_models++];

	*model = (struct model){ .bridge = bridge, .slot = slot };
	model_set(model, 0, ids, 0);
	model_set(model, 4, 0, 7);
	return model;
}

static int model_bridge(int bridge, uint8_t slot, unsigned secondary, unsigned subordinate)
{
	struct model *model = model_add(bridge, slot, 0x00011b36);

	model_set(model, 0x0c, 0x10000, 0);
	model_set(model, 0x18, secondary << 8 | subordinate << 16, 0xffffff);
	return (int)nr_models - 1;
}

/* A BAR of 64 bits if `high` is not NULL. */
static void model_bar(struct model *model, unsigned number, uint64_t address, uint32_t flags, uint64_t size)
{
	uint64_t bits = ~(size - 1);

	model_set(model, 0x10 + 4 * number, (uint32_t)address | flags, (uint32_t)bits & ~(flags & 1 ? 3u : 15u));
	if ((flags & 7) == 4)
		model_set(model, 0x14 + 4 * number, (uint32_t)(address >> 32), (uint32_t)(bits >> 32));
}

static unsigned model_bus(const struct model *model)
{
	return model->bridge < 0 ? 0 : models[model->bridge].config[0x19];
}

/* Configuration requests go down by the ranges of bus numbers; a bridge whose own bus is not reached leads
 * nowhere. */
static bool model_is_reached(const struct model *model)
{
	const struct model *bridge;
	unsigned bus = model_bus(model);

	for (int at = model->bridge; at >= 0; at = bridge->bridge) {
		bridge = &models[at];
		if (bus < bridge->config[0x19] || bus > bridge->config[0x1a])
			return false;
	}
	return !model->unplugged;
}

static struct model *model_at(uint64_t address)
{
	for (unsigned i = 0; i < nr_models; i++) {
		if (address >> 12 == (model_bus(&models[i]) << 8 | models[i].slot) && model_is_reached(&models[i]))
			return &models[i];
	}
	return NULL;
}

static uint64_t address_of(unsigned number)
{
	return (uint64_t)model_bus(&models[number]) << 20 | (uint64_t)models[number].slot << 12;
}

/* Where a follower's BAR or configuration is: false, nowhere. */
static bool model_place(const struct pci_follower *follower, const struct model *model, unsigned *kind, uint64_t *at,
			uint64_t *size)
{
	uint32_t low, bits;

	*kind = 2;
	*at = (uint64_t)model_bus(model) << 20 | (uint64_t)model->slot << 12;
	*size = 0x1000;
	if (follower->number == PCI_CONFIGURATION)
		return model_is_reached(model);
	low = model_get(model, 0x10 + 4 * follower->number, 4);
	memcpy(&bits, model->writable + 0x10 + 4 * follower->number, 4);
	*kind = low & 1 ? 0 : 1;
	*at = low & ~(low & 1 ? 3u : 15u);
	*size = bits & -(uint64_t)bits;
	if ((low & 7) == 4) {
		*at |= (uint64_t)model_get(model, 0x14 + 4 * follower->number, 4) << 32;
		memcpy(&bits, model->writable + 0x14 + 4 * follower->number, 4);
		if (*size == 0)
			*size = (uint64_t)bits << 32 & -((uint64_t)bits << 32);
	}
	if ((model->config[4] & (*kind == 0 ? 1 : 2)) == 0 || model->unplugged)
		return false;
	if (*kind == 0)
		return *at + *size <= 0x10000;
	return *at + *size <= vcpu_nested_limit && !memory_is_ram(*at, *size);
}

/* Each follower is registered where the hardware is, over all of its part. */
static void check_followers(void)
{
	for (unsigned i = 0; i < nr_followers; i++) {
		const struct pci_follower *follower = followers[i];
		uint64_t at, size, last = follower->last;
		unsigned kind;

		if (!model_place(follower, &models[follower_models[i]], &kind, &at, &size) || follower->first >= size)
			continue;
		if (last >= size)
			last = size - 1;
		if (!reaches(kind, at + follower->first, follower, follower->first) ||
		    !reaches(kind, at + last, follower, last))
			unit_fail("follower %u is not where its BAR %u is: %#llx", i, follower->number,
				  (unsigned long long)at);
	}
}

static void model_write(struct model *model, unsigned offset, unsigned width_bytes, uint32_t value)
{
	for (unsigned i = 0; model != NULL && i < width_bytes; i++) {
		uint8_t writable = model->writable[offset + i];

		model->config[offset + i] = (uint8_t)((model->config[offset + i] & ~writable) |
						      (value >> 8 * i & writable));
	}
}

static unsigned hardware_writes;

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	hardware_writes++;
	UNIT_EQUAL(nr_unawaited, 0);
	model_write(model_at(address), address & 0x3f, width_bytes, value);
	check_followers();
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	const struct model *model = (address & 0xfff) < sizeof(model->config) ? model_at(address) : NULL;

	return model == NULL ? UINT32_MAX >> (32 - 8 * width_bytes) : model_get(model, address & 0x3f, width_bytes);
}

/* The guest ----------------------------------------------------------------------------------------- */

/* As vmm/pci.c does it, for one who is watched; else straight to the hardware. */
static bool guest_exits(uint64_t address, unsigned width_bytes)
{
	for (unsigned i = 0; i < nr_regions[2]; i++) {
		if (regions[2][i]->first < address + width_bytes && regions[2][i]->last >= address)
			return true;
	}
	return false;
}

static void guest_write(uint64_t address, unsigned width_bytes, uint32_t value)
{
	struct access access = { .kind = ACCESS_PCI, .write = true, .width_bytes = (uint8_t)width_bytes,
				 .address = address, .value = value };

	if (guest_exits(address, width_bytes))
		pci_follow_write(&access, pci_hardware_write);
	else
		pci_hardware_write(address, (uint8_t)width_bytes, value);
}

static uint32_t guest_read(uint64_t address, unsigned width_bytes)
{
	struct access access = { .kind = ACCESS_PCI, .width_bytes = (uint8_t)width_bytes, .address = address };

	pci_follow_read(&access);
	return access.resolved ? (uint32_t)access.value : pci_hardware_read(address, (uint8_t)width_bytes);
}

static int follow(struct pci_follower *follower, unsigned model, unsigned number, uint64_t first, uint64_t last)
{
	int error;

	*follower = (struct pci_follower){ .region = { .band = BAND_GUARD }, .function = address_of(model),
					   .number = (uint8_t)number, .first = first, .last = last,
					   .handler = note, .context = follower };
	error = pci_follow(follower);
	nr_unawaited = 0; /* whoever begins to follow waits for nobody */
	if (error == 0) {
		follower_models[nr_followers] = (int)model;
		followers[nr_followers++] = follower;
	}
	return error;
}

static void unfollow_all(void)
{
	while (nr_followers != 0)
		pci_unfollow(followers[--nr_followers]);
	UNIT_EQUAL(nr_regions[0] + nr_regions[1] + nr_regions[2], 0);
}

enum { NIC = 1, OUTER, INNER, DISK, OTHER };

/* Bus 0: a host bridge, a card with BARs of all sorts, a bridge to bus 1, on that a bridge to bus 2, on that a
 * disk, and another bridge to bus 3. */
static void set_up(void)
{
	struct model *model;

	nr_models = 0;
	register_error = 0;
	model = model_add(-1, 0, 0x12378086);
	model_set(model, 8, 0x06000000, 0);
	model_bar(model, 0, 0xe0000000, 8, 0x1000000);
	model = model_add(-1, 3 << 3, 0x100e8086);
	model_bar(model, 0, 0xfea00000, 0, 0x20000);
	model_bar(model, 1, 0xc000, 1, 0x40);
	model_bar(model, 2, UINT64_C(0x800000000), 12, 0x4000);
	model_bar(model, 4, 0xfea20000, 0, 0x100); /* with the next in a page */
	model_bar(model, 5, 0xfea20100, 0, 0x100);
	model->config[4] = 7;
	(void)model_bridge(-1, 4 << 3, 1, 2);
	(void)model_bridge(OUTER, 5 << 3, 2, 2);
	model = model_add(INNER, 1 << 3, 0x00101b36);
	model_bar(model, 0, 0xfe800000, 4, 0x4000);
	model->config[4] = 6;
	(void)model_bridge(-1, 6 << 3, 3, 3);
	for (struct pci_function *at = pci_functions; at != NULL; at = at->next)
		at->ids = 0; /* strangers, each */
	pci_functions_size();
}

static void test_sizes(void)
{
	struct pci_bar bar;

	set_up();
	UNIT_EQUAL(pci_bar_get(address_of(NIC), 0, &bar), 0);
	UNIT_CHECK(bar.address == 0xfea00000 && bar.size_bytes == 0x20000 && !bar.port && !bar.wide && bar.decoded);
	UNIT_EQUAL(pci_bar_get(address_of(NIC), 1, &bar), 0);
	UNIT_CHECK(bar.address == 0xc000 && bar.size_bytes == 0x40 && bar.port);
	UNIT_EQUAL(pci_bar_get(address_of(NIC), 2, &bar), 0);
	UNIT_CHECK(bar.address == 0x800000000 && bar.size_bytes == 0x4000 && bar.wide && bar.prefetchable);
	UNIT_EQUAL(pci_bar_get(address_of(NIC), 3, &bar), -RV_ENOENT);
	UNIT_EQUAL(pci_bar_get(address_of(NIC), 6, &bar), -RV_ENOENT);
	UNIT_EQUAL(pci_bar_get(address_of(DISK), 1, &bar), -RV_ENOENT);
	UNIT_EQUAL(pci_bar_get(address_of(DISK), 0, &bar), 0);
	UNIT_CHECK(bar.address == 0xfe800000 && bar.size_bytes == 0x4000 && bar.wide);
	UNIT_EQUAL(pci_bar_get(pci_address(7, 1, 0, 0), 0, &bar), -RV_ENOENT);
	/* All is as it was, and the host bridge was let be. */
	UNIT_EQUAL(model_get(&models[NIC], 0x10, 4), 0xfea00000);
	UNIT_EQUAL(model_get(&models[NIC], 0x1c, 4), 8);
	UNIT_EQUAL(models[NIC].config[4], 7);
	UNIT_EQUAL(pci_bar_get(address_of(0), 0, &bar), 0);
	UNIT_EQUAL(bar.size_bytes, 0);
}

static void test_move(void)
{
	struct pci_follower low, ports, wide, part;
	uint64_t nic;

	set_up();
	nic = address_of(NIC);
	UNIT_EQUAL(follow(&low, NIC, 0, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&ports, NIC, 1, 0, 0x3f), 0);
	UNIT_EQUAL(follow(&wide, NIC, 2, 0x1000, 0x1fff), 0);
	UNIT_EQUAL(follow(&part, NIC, 5, 0x18, 0x1b), 0);
	check_followers();
	guest_write(nic + 0x10, 4, 0xf1000000);
	UNIT_CHECK(reaches(1, 0xf1000018, &low, 0x18) && !reaches(1, 0xfea00018, &low, 0x18));
	guest_write(nic + 0x14, 4, 0xd000);
	UNIT_CHECK(reaches(0, 0xd000, &ports, 0) && !reaches(0, 0xc000, &ports, 0));
	/* By halves, and by bytes. */
	guest_write(nic + 0x18, 4, 0x40000000);
	UNIT_CHECK(reaches(1, 0x840001000, &wide, 0x1000));
	guest_write(nic + 0x1c, 4, 9);
	UNIT_CHECK(reaches(1, 0x940001fff, &wide, 0x1fff) && !reaches(1, 0x840001fff, &wide, 0x1fff));
	guest_write(nic + 0x1c, 1, 0);
	UNIT_CHECK(reaches(1, 0x40001000, &wide, 0x1000));
	guest_write(nic + 0x27, 1, 0xfd);
	UNIT_CHECK(reaches(1, 0xfda20118, &part, 0x18));
	/* Across two registers, as memory lets it be written. */
	guest_write(nic + 0x12, 4, 0xe000f200);
	UNIT_CHECK(reaches(1, 0xf2000000, &low, 0) && reaches(0, 0xe000, &ports, 0));
	/* Off: nowhere; on: where it was put meanwhile. */
	guest_write(nic + 4, 2, 0);
	UNIT_CHECK(nr_regions[0] == 0 && nr_regions[1] == 0);
	guest_write(nic + 0x10, 4, 0xf3000000);
	UNIT_EQUAL(nr_regions[1], 0);
	guest_write(nic + 4, 1, 2);
	UNIT_CHECK(nr_regions[0] == 0 && reaches(1, 0xf3000000, &low, 0));
	/* In RAM, or where no CPU reaches, nobody answers. */
	guest_write(nic + 0x10, 4, 0x100000);
	UNIT_CHECK(!reaches(1, 0x100000, &low, 0));
	guest_write(nic + 0x1c, 4, 0x80000000);
	UNIT_CHECK(!reaches(1, UINT64_C(0x8000000040001000), &wide, 0x1000));
	unfollow_all();
}

/* Sizing does not move it, with decoding on or off. */
static void test_sizing(void)
{
	struct pci_follower low, wide;
	uint64_t nic;

	set_up();
	nic = address_of(NIC);
	UNIT_EQUAL(follow(&low, NIC, 0, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&wide, NIC, 2, 0, UINT64_MAX), 0);
	guest_write(nic + 0x10, 4, UINT32_MAX);
	UNIT_EQUAL(guest_read(nic + 0x10, 4), 0xfffe0000);
	UNIT_EQUAL(guest_read(nic + 0x12, 2), 0xfffe);
	UNIT_EQUAL(guest_read(nic + 0x12, 4), 0xc001fffe);
	UNIT_CHECK(model_get(&models[NIC], 0x10, 4) == 0xfea00000 && reaches(1, 0xfea00000, &low, 0));
	guest_write(nic + 0x10, 4, 0xfea00000);
	UNIT_EQUAL(guest_read(nic + 0x10, 4), 0xfea00000);
	guest_write(nic + 0x18, 4, UINT32_MAX);
	guest_write(nic + 0x1c, 4, UINT32_MAX);
	UNIT_EQUAL(guest_read(nic + 0x18, 4), 0xffffc00c);
	UNIT_EQUAL(guest_read(nic + 0x1c, 4), UINT32_MAX);
	UNIT_CHECK(reaches(1, 0x800000000, &wide, 0));
	guest_write(nic + 0x18, 4, 0x10000000);
	UNIT_CHECK(reaches(1, 0x810000000, &wide, 0));
	guest_write(nic + 0x1c, 4, 9);
	UNIT_CHECK(reaches(1, 0x910000000, &wide, 0));
	/* A BAR that nobody follows is the hardware's. */
	guest_write(nic + 0x14, 4, UINT32_MAX);
	UNIT_EQUAL(model_get(&models[NIC], 0x14, 4), 0xffffffc1);
	UNIT_EQUAL(guest_read(nic + 0x14, 4), 0xffffffc1);
	/* All ones by pieces come to the same. */
	guest_write(nic + 0x12, 1, 0xff);
	guest_write(nic + 0x13, 1, 0xff);
	UNIT_EQUAL(guest_read(nic + 0x10, 4), 0xfffe0000);
	UNIT_EQUAL(model_get(&models[NIC], 0x10, 4), 0xfefe0000);
	UNIT_CHECK(reaches(1, 0xfefe0000, &low, 0));
	unfollow_all();
	UNIT_EQUAL(guest_read(nic + 0x10, 4), 0xfefe0000);
}

/* What would be a way round, or to us, does not happen. */
static void test_refused(void)
{
	struct pci_follower low, ports;
	uint64_t nic;

	set_up();
	nic = address_of(NIC);
	UNIT_EQUAL(follow(&low, NIC, 0, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&ports, NIC, 1, 0, UINT64_MAX), 0);
	guest_write(nic + 0x10, 4, 0xfee00000);
	guest_write(nic + 0x10, 4, GUARDED);
	guest_write(nic + 0x14, 4, 0xcc0);
	register_error = -RV_ENOMEM;
	guest_write(nic + 0x10, 4, 0xf1000000);
	register_error = 0;
	UNIT_EQUAL(model_get(&models[NIC], 0x10, 4), 0xfea00000);
	UNIT_EQUAL(model_get(&models[NIC], 0x14, 4), 0xc001);
	check_followers();
	UNIT_EQUAL(nr_regions[0] + nr_regions[1], 2);
	/* Switched on there: neither. */
	guest_write(nic + 4, 2, 0);
	guest_write(nic + 0x10, 4, 0xfee00000);
	guest_write(nic + 4, 2, 2);
	UNIT_EQUAL(models[NIC].config[4], 0);
	unfollow_all();
	UNIT_EQUAL(follow(&low, NIC, 0, 0x20000, 0x20003), -RV_EINVAL);
	UNIT_EQUAL(follow(&low, NIC, 3, 0, 3), -RV_ENOENT);
	UNIT_EQUAL(follow(&low, NIC, 0, 4, 3), -RV_EINVAL);
	low.function = pci_address(9, 0, 0, 0);
	UNIT_EQUAL(pci_follow(&low), -RV_ENOENT);
	pci_unfollow(&low);
	/* One that decodes a BAR of which nobody knows the size. */
	models[0].config[4] = 2;
	UNIT_EQUAL(follow(&low, 0, 0, 0, 3), -RV_ENODATA);
	register_error = -RV_ENOMEM;
	UNIT_EQUAL(follow(&low, DISK, 0, 0, 3), -RV_ENOMEM);
	register_error = 0;
	UNIT_EQUAL(nr_regions[2], 0);
}

/* Bridges are renumbered: the one above, the one above that; two change places. */
static void test_renumber(void)
{
	struct pci_follower config, bar;
	uint64_t outer, inner;

	set_up();
	UNIT_EQUAL(follow(&config, DISK, PCI_CONFIGURATION, 0, 0xfff), 0);
	UNIT_EQUAL(follow(&bar, DISK, 0, 0, UINT64_MAX), 0);
	outer = address_of(OUTER);
	inner = address_of(INNER);
	UNIT_CHECK(reaches(2, pci_address(2, 1, 0, 0x40), &config, 0x40));
	guest_write(outer + 0x1a, 1, 9);
	guest_write(inner + 0x18, 4, 0x090901);
	UNIT_CHECK(reaches(2, pci_address(9, 1, 0, 0), &config, 0) && !reaches(2, pci_address(2, 1, 0, 0), &config, 0));
	/* The inner bridge is elsewhere now, and still watched. */
	guest_write(outer + 0x19, 1, 5);
	UNIT_EQUAL(address_of(INNER), pci_address(5, 5, 0, 0));
	guest_write(address_of(INNER) + 0x19, 1, 6);
	UNIT_CHECK(reaches(2, pci_address(6, 1, 0, 0xfff), &config, 0xfff));
	/* So are the BARs. */
	guest_write(address_of(DISK) + 0x10, 4, 0xf0000000);
	UNIT_CHECK(reaches(1, 0xf0003fff, &bar, 0x3fff));
	guest_write(address_of(OTHER) + 0x18, 4, 0x0a0500);
	guest_write(outer + 0x18, 4, 0x030300);
	check_followers();
	unfollow_all();
}

/* What was plugged in since: its sizes are those that the guest asks for; until then it decodes nothing. */
static void test_replaced(void)
{
	struct pci_follower low, late;
	uint64_t disk;

	set_up();
	disk = address_of(DISK);
	UNIT_EQUAL(follow(&low, DISK, 0, 0, UINT64_MAX), 0);
	model_set(&models[DISK], 0, 0x12345678, 0);
	model_set(&models[DISK], 4, 0, 7);
	model_bar(&models[DISK], 0, 0, 4, 0x100000);
	guest_write(disk + 0x10, 4, 0xf0000000);
	guest_write(disk + 4, 2, 2);
	UNIT_EQUAL(models[DISK].config[4], 0);
	guest_write(disk + 0x10, 4, UINT32_MAX);
	UNIT_EQUAL(guest_read(disk + 0x10, 4), 0xfff00004);
	guest_write(disk + 0x14, 4, UINT32_MAX);
	UNIT_EQUAL(guest_read(disk + 0x14, 4), UINT32_MAX);
	guest_write(disk + 0x10, 4, 0xf0000000);
	guest_write(disk + 0x14, 4, 0);
	guest_write(disk + 4, 2, 2);
	UNIT_CHECK(reaches(1, 0xf00fffff, &low, 0xfffff));
	/* A second slot is found when it is asked for. */
	(void)model_add(OTHER, 0, 0x00020001);
	models[nr_models - 1].config[4] = 0;
	model_bar(&models[nr_models - 1], 0, 0, 0, 0x1000);
	UNIT_EQUAL(follow(&late, nr_models - 1, 1, 0, 3), 0);
	unfollow_all();
}

static void test_switch_off(void)
{
	struct pci_follower low;

	set_up();
	UNIT_EQUAL(follow(&low, NIC, 0, 0, UINT64_MAX), 0);
	nr_unawaited = 0;
	UNIT_EQUAL(pci_function_switch_off(address_of(NIC)), 0);
	UNIT_CHECK(models[NIC].config[4] == 0 && nr_regions[1] == 0);
	models[DISK].writable[4] = 1;
	UNIT_EQUAL(pci_function_switch_off(address_of(DISK)), 6);
	UNIT_EQUAL(pci_function_switch_off(pci_address(9, 0, 0, 0)), -RV_ENOENT);
	unfollow_all();
}

/* A guest that writes anything anywhere: no instant without the followers, and nothing is left behind. */
static void test_random(void)
{
	static struct pci_follower all[6];
	static const uint8_t offsets[] = { 0x04, 0x10, 0x14, 0x18, 0x19, 0x1a, 0x1c, 0x20, 0x24, 0x12, 0x17 };
	unsigned moves = 0;

	set_up();
	UNIT_EQUAL(follow(&all[0], NIC, 0, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&all[1], NIC, 1, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&all[2], NIC, 2, 0, UINT64_MAX), 0);
	UNIT_EQUAL(follow(&all[3], DISK, 0, 0x1000, 0x1fff), 0);
	UNIT_EQUAL(follow(&all[4], DISK, PCI_CONFIGURATION, 0, 0xfff), 0);
	UNIT_EQUAL(follow(&all[5], INNER, PCI_CONFIGURATION, 0, 0xfff), 0);
	for (unsigned i = 0; i < 200000; i++) {
		unsigned long long random = unit_random();
		unsigned width = 1u << random % 3, model = 1 + random / 8 % 5;
		unsigned offset = offsets[random / 64 % sizeof(offsets)];
		uint32_t value = (uint32_t)(random >> 32);

		if (random / 1024 % 8 == 0)
			value = UINT32_MAX;
		else if (offset == 4)
			value &= 7;
		else if (models[model].config[0x0e] == 1)
			value &= 0x07070707;
		if (!model_is_reached(&models[model]) && random / 16384 % 4 != 0)
			continue;
		hardware_writes = 0;
		guest_write(address_of(model) + offset, width, value);
		moves += hardware_writes;
		check_followers();
		if (nr_regions[0] > 1 || nr_regions[1] > 3 || nr_regions[2] > 6)
			unit_fail("more is registered than there are followers");
		for (unsigned other = 0; other < nr_models; other++) {
			/* So that bridges lead somewhere again. */
			if (i % 64 == 0 && models[other].config[0x0e] == 1)
				guest_write(address_of(other) + 0x18, 4, other << 8 | 0xff0000);
		}
	}
	UNIT_CHECK(moves > 20000);
	unfollow_all();
}

int main(void)
{
	unit_run("pci_bar_sizes", test_sizes);
	unit_run("pci_follow_move", test_move);
	unit_run("pci_follow_sizing", test_sizing);
	unit_run("pci_follow_refused", test_refused);
	unit_run("pci_follow_renumber", test_renumber);
	unit_run("pci_follow_replaced", test_replaced);
	unit_run("pci_follow_switch_off", test_switch_off);
	unit_run("pci_follow_random", test_random);
	return unit_failed;
}
