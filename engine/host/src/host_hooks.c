/*
 * host_hooks.c: the table of hooks and the registries of the simulated hypervisor.
 */
#include "host_hooks.h"

#include "hook/hook_internal.h"
#include "hook/metric.h"
#include "machine.h"
#include "mediator/disk/disk.h"
#include "mediator/net/nic.h"
#include "mediator/usb/usb.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/registry.h"

#include <stdlib.h>

static struct hook hooks[HOST_HOOKS_MAXIMUM];
static struct registry registries[ACCESS_KIND_COUNT];

/* What is counted. */
static void *host_take_page(struct metrics *metrics)
{
	(void)metrics;
	return calloc(1, PAGE_BYTES);
}

static struct metrics host_counts = { .take_page = host_take_page };

struct metrics *host_metrics(void)
{
	return &host_counts;
}

static struct hook_owner host_owner = { .name = "engine", .metrics = &host_counts };
static uint64_t host_events;		/* begun so far */
static const struct hook *host_asked;	/* its place is not taken while the walk stands there */

/* Kinds on which nothing hangs have no registry: they are found by their kind. */
static int host_plain_attach(struct hook *hook)
{
	(void)hook;
	return 0;
}

static void host_plain_detach(struct hook *hook)
{
	(void)hook;
}

SOURCE(timer) = { .kind = RV_EVENT_TIMER, .attach = host_plain_attach, .detach = host_plain_detach };
SOURCE(shutdown) = { .kind = RV_EVENT_SHUTDOWN, .attach = host_plain_attach, .detach = host_plain_detach };

#define HOST_REGISTRY(name, number)                                                                \
	int name##_register(struct access_region *region)                                          \
	{                                                                                          \
		registry_add(&registries[number], region);                                         \
		return 0;                                                                          \
	}                                                                                          \
	void name##_unregister(struct access_region *region)                                       \
	{                                                                                          \
		(void)registry_remove(&registries[number], region);                                \
	}

HOST_REGISTRY(pio, ACCESS_PORT)
HOST_REGISTRY(mmio, ACCESS_MMIO)
HOST_REGISTRY(cpuid, ACCESS_CPUID)
HOST_REGISTRY(pci, ACCESS_PCI)

/* Nothing moves here: a hook that follows is one of where that is. */
int hook_follow_attach(struct hook *hook, enum access_kind kind)
{
	uint16_t bdf = (uint16_t)hook->spec.follows;
	uint64_t base = pci_address(bdf >> 8, bdf >> 3 & 0x1f, bdf & 7, 0);
	unsigned int number = hook->spec.follows >> 16 & 0x7fff;
	struct rv_pci_bar bar;

	if (kind != ACCESS_PCI) {
		if (!machine_pci_bar(bdf, number, &bar) ||
		    (kind == ACCESS_PORT) != ((bar.flags & RV_PCI_BAR_PORT) != 0))
			return -RV_ENOENT;
		base = bar.address;
	} else if (number != RV_FOLLOWS_CONFIGURATION || machine_pci_find(bdf) == NULL) {
		return -RV_ENOENT;
	}
	hook->region.first = base + hook->first;
	hook->region.last = base + hook->last;
	registry_add(&registries[kind], &hook->region);
	return 0;
}

void hook_follow_detach(struct hook *hook)
{
	for (unsigned int kind = 0; kind < ACCESS_KIND_COUNT; kind++)
		(void)registry_remove(&registries[kind], &hook->region);
}

uint64_t host_hook_base(const struct hook *hook)
{
	bool bar = hook->spec.follows != 0 && hook->spec.follows >> 16 != (RV_FOLLOWS >> 16 | RV_FOLLOWS_CONFIGURATION);

	return bar ? hook->region.first - hook->first : 0;
}

int msr_register(struct access_region *region, bool read, bool write)
{
	(void)read;
	(void)write;
	registry_add(&registries[ACCESS_MSR], region);
	return 0;
}

void msr_unregister(struct access_region *region, bool read, bool write)
{
	(void)read;
	(void)write;
	(void)registry_remove(&registries[ACCESS_MSR], region);
}

/* Requests have a list of hooks on a machine; here they are found by their kind. */
void hook_list_request(struct hook *hook)
{
	(void)hook;
}

void hook_unlist_request(struct hook *hook)
{
	(void)hook;
}

int nic_watch(void)
{
	return 0;
}

void nic_unwatch(void)
{
}

int usb_watch(void)
{
	return 0;
}

void usb_unwatch(void)
{
}

int usb_watch_transfers(void)
{
	return 0;
}

void usb_unwatch_transfers(void)
{
}

int disk_watch(void)
{
	return 0;
}

void disk_unwatch(void)
{
}

/* The handler of regions on a machine; here whoever walks asks one hook after the other. */
enum access_result hook_handle_access(struct access *access, void *context)
{
	(void)access;
	(void)context;
	return ACCESS_PASS;
}

static bool host_hook_is_on(const struct hook *hook)
{
	return hook->source != NULL && hook->state == HOOK_ACTIVE;
}

static struct hook *host_hook_place(void)
{
	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++) {
		if (!host_hook_is_on(&hooks[i]) && &hooks[i] != host_asked)
			return &hooks[i];
	}
	return NULL;
}

int64_t host_hook_add(const struct rv_hook_spec *spec)
{
	struct hook *hook = host_hook_place();
	int error;

	if (hook_spec_check(spec) != 0)
		return -RV_EINVAL;
	if (hook == NULL)
		return -RV_ENOSPC;
	*hook = (struct hook){
		.spec = *spec,
		.source = source_of(spec->kind),
		.owner = &host_owner,
		.write = rv_kind_has(spec->kind, RV_KIND_WRITE),
		.id = (uint32_t)(hook - hooks),
		.born_exit = host_events,
	};
	hook_prepare_clauses(hook);
	hook->region = (struct access_region){ .first = hook->first, .last = hook->last,
					       .handler = hook_handle_access, .context = hook,
					       .band = spec->fixed == RV_FIXED_ISOLATE ? BAND_GUARD : BAND_HOOK };
	error = hook->source->attach(hook);
	if (error != 0)
		hook->state = HOOK_REMOVED;
	return error != 0 ? error : hook->id;
}

struct hook *host_hook_get(uint32_t number)
{
	return number < HOST_HOOKS_MAXIMUM && host_hook_is_on(&hooks[number]) ? &hooks[number] : NULL;
}

int64_t host_hook_remove(uint64_t number)
{
	struct hook *hook = number < HOST_HOOKS_MAXIMUM ? host_hook_get((uint32_t)number) : NULL;

	if (hook == NULL)
		return -RV_ENOENT;
	hook->state = HOOK_REMOVED;
	hook->source->detach(hook);
	return 0;
}

/* For hook_verdict_on_error(). */
int hook_remove(struct hook_owner *owner, uint32_t id)
{
	(void)owner;
	return (int)host_hook_remove(id);
}

unsigned int host_hook_count(void)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++)
		count += host_hook_is_on(&hooks[i]);
	return count;
}

void host_hook_begin(void)
{
	host_events++;
	host_asked = NULL;
}

static bool host_hook_wants(const struct hook *hook, uint32_t kind, struct event_origin *origin)
{
	if (!host_hook_is_on(hook) || hook->spec.kind != kind || hook->born_exit == host_events)
		return false;
	if (origin->request != NULL)
		return hook_filter_accepts(hook, origin);
	return origin->access == NULL || hook_wants(hook, origin->access);
}

static struct hook *host_next_plain(const struct hook *after, uint32_t kind, struct event_origin *origin)
{
	for (struct hook *hook = after != NULL ? &hooks[after->id + 1] : hooks;
	     hook < hooks + HOST_HOOKS_MAXIMUM; hook++) {
		if (host_hook_wants(hook, kind, origin))
			return hook;
	}
	return NULL;
}

static struct hook *host_next_region(const struct hook *after, uint32_t kind, struct event_origin *origin)
{
	const struct access *access = origin->access;
	struct access_region *region = after != NULL ? after->region.next
						     : registries[access->kind].first;
	uint64_t first = access_first(access), last = access_last(access);

	for (; region != NULL; region = region->next) {
		if (region->first <= last && region->last >= first &&
		    host_hook_wants(region->context, kind, origin))
			return region->context;
	}
	return NULL;
}

struct hook *host_hook_next(const struct hook *after, uint32_t kind, struct event_origin *origin)
{
	struct hook *hook = origin->access == NULL ? host_next_plain(after, kind, origin)
						   : host_next_region(after, kind, origin);

	host_asked = hook;
	return hook;
}
