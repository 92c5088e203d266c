/*
 * hook/hook.c: the table of hooks: adding, finding, removing.
 *
 * A hook may be removed while a registry walks its chain, by its own event or on another CPU. So
 * removal has three steps: out of service at once (hook->state); unlinked from its registry when the
 * event that is open ends (the region keeps its `next`, by which walks go on); freed when every CPU
 * has been in its guest since, and so has ended the walk that it was in.
 */
#include "hook/hook.h"

#include "core/memory.h"
#include "core/string.h"
#include "hook/hook_internal.h"
#include "rv/errno.h"
#include "rv/event_kind.h"
#include "vmm/vcpu.h"

#define HOOK_INDEX_BITS 10
#define HOOK_INDEX_MASK ((1u << HOOK_INDEX_BITS) - 1)
#define HOOK_REUSE_MASK 0x1fffffu /* ids stay below 2^31 */

_Static_assert(HOOKS_MAXIMUM == 1 << HOOK_INDEX_BITS, "a hook's number holds its index");

struct hook_totals hook_totals;
bool hook_reap_wanted;
struct vcpu *hook_event_vcpu;

static struct hook *hook_table[HOOKS_MAXIMUM];
static uint32_t hook_reuse[HOOKS_MAXIMUM]; /* how often a place was taken */
struct spinlock hook_spinlock;
/* Unlinked, not freed; and the number of exits of each CPU when they were. */
static struct hook *hook_unlinked;
static uint64_t hook_unlinked_exits[CPUS_MAXIMUM];

/* Registers with the registry of its kind, or queues the timer. */
static int hook_link(struct hook *hook)
{
	switch (hook->request.kind) {
	case RV_EVENT_PORT_READ:
	case RV_EVENT_PORT_WRITE:
		return pio_register(&hook->region);
	case RV_EVENT_MMIO_READ:
	case RV_EVENT_MMIO_WRITE:
		return mmio_register(&hook->region);
	case RV_EVENT_MSR_READ:
	case RV_EVENT_MSR_WRITE:
		return msr_register(&hook->region, !hook->write, hook->write);
	case RV_EVENT_CPUID:
		return cpuid_register(&hook->region);
	case RV_EVENT_PCI_CONFIG_READ:
	case RV_EVENT_PCI_CONFIG_WRITE:
		return pci_register(&hook->region);
	case RV_EVENT_TIMER:
		hook_timer_link(hook);
		return 0;
	default:
		return 0; /* SHUTDOWN: found by its kind */
	}
}

static void hook_unlink(struct hook *hook)
{
	switch (hook->request.kind) {
	case RV_EVENT_PORT_READ:
	case RV_EVENT_PORT_WRITE:
		pio_unregister(&hook->region);
		break;
	case RV_EVENT_MMIO_READ:
	case RV_EVENT_MMIO_WRITE:
		mmio_unregister(&hook->region);
		break;
	case RV_EVENT_MSR_READ:
	case RV_EVENT_MSR_WRITE:
		msr_unregister(&hook->region, !hook->write, hook->write);
		break;
	case RV_EVENT_CPUID:
		cpuid_unregister(&hook->region);
		break;
	case RV_EVENT_PCI_CONFIG_READ:
	case RV_EVENT_PCI_CONFIG_WRITE:
		pci_unregister(&hook->region);
		break;
	case RV_EVENT_TIMER:
		hook_timer_unlink(hook);
		break;
	default:
		break;
	}
}

static struct hook *hook_create(struct hook_owner *owner, const struct rv_hook_request *request)
{
	struct hook *hook = memory_allocate(sizeof(*hook));

	if (hook == NULL)
		return NULL;
	hook->request = *request;
	hook->owner = owner;
	hook->write = rv_event_kind_is_write(request->kind);
	hook->identity_wanted = request->pci_vendor_id >= 0 || request->pci_device_id >= 0 ||
				request->pci_class >= 0;
	hook->born_vcpu = hook_event_vcpu;
	hook->born_exit = hook_event_vcpu != NULL ? hook_event_vcpu->history_next : 0;
	hook->region.handler = hook_handle_access;
	hook->region.context = hook;
	hook_request_range(request, &hook->region.first, &hook->region.last);
	string_copy(hook->owner_name, owner->name, sizeof(hook->owner_name));
	return hook;
}

int hook_add(struct hook_owner *owner, const struct rv_hook_request *request)
{
	int error = hook_request_check(request);
	struct hook *hook;
	unsigned index;

	if (error != 0)
		return error;
	if (owner->nr_hooks >= HOOKS_PER_OWNER_MAXIMUM)
		return -RV_ENOSPC;
	for (index = 0; index < HOOKS_MAXIMUM && hook_table[index] != NULL; index++)
		;
	if (index == HOOKS_MAXIMUM)
		return -RV_ENOSPC;
	hook = hook_create(owner, request);
	if (hook == NULL)
		return -RV_ENOMEM;
	hook->id = (hook_reuse[index] & HOOK_REUSE_MASK) << HOOK_INDEX_BITS | index;
	error = hook_link(hook);
	if (error != 0) {
		memory_free(hook);
		return error;
	}
	hook_table[index] = hook;
	hook_reuse[index]++;
	owner->nr_hooks++;
	return (int)hook->id;
}

struct hook *hook_find(uint32_t id)
{
	struct hook *hook = hook_table[id & HOOK_INDEX_MASK];

	return hook != NULL && hook->id == id && hook->state != HOOK_REMOVED ? hook : NULL;
}

static void hook_retire(struct hook *hook)
{
	if (hook->owner != NULL)
		hook->owner->nr_hooks--;
	hook->owner = NULL;
	hook->state = HOOK_REMOVED;
	hook_reap_wanted = true;
}

int hook_remove(struct hook_owner *owner, uint32_t id)
{
	struct hook *hook = hook_find(id);

	if (hook == NULL || hook->owner != owner)
		return -RV_ENOENT;
	hook_retire(hook);
	if (hook_event_vcpu == NULL)
		hook_reap();
	return 0;
}

void hook_remove_all(struct hook_owner *owner, bool failed)
{
	for (unsigned i = 0; i < HOOKS_MAXIMUM; i++) {
		struct hook *hook = hook_table[i];

		if (hook == NULL || hook->owner != owner)
			continue;
		if (failed && hook->request.on_error == RV_ON_ERROR_DENY && !hook->request.observe &&
		    hook->request.kind < RV_EVENT_TIMER) {
			hook->state = HOOK_DENYING;
			hook->owner = NULL;
			owner->nr_hooks--;
		} else {
			hook_retire(hook);
		}
	}
	if (hook_event_vcpu == NULL)
		hook_reap();
}

/* Exits of a CPU; 0 if none happened yet, so that it cannot be in a walk. */
static uint64_t hook_exits_of(uint32_t index)
{
	const struct vcpu *vcpu = cpu_get(index)->vcpu;

	return vcpu != NULL ? __atomic_load_n(&vcpu->history_next, __ATOMIC_SEQ_CST) : 0;
}

/* Can no CPU be in a walk that began before the hooks were unlinked? */
static bool hook_walks_have_ended(void)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		uint64_t exits = hook_exits_of(i);

		if (exits != 0 && exits == hook_unlinked_exits[i] &&
		    !__atomic_load_n(&cpu_get(i)->in_guest, __ATOMIC_SEQ_CST))
			return false;
	}
	return true;
}

static void hook_free(struct hook *hook)
{
	hook_totals.hooks++;
	hook_totals.events += hook->counters.delivered;
	hook_totals.errors += hook->counters.errors;
	hook_totals.cycles += hook->counters.cycles_total;
	hook_table[hook->id & HOOK_INDEX_MASK] = NULL;
	memory_free(hook);
}

void hook_reap(void)
{
	if (hook_unlinked != NULL && !hook_walks_have_ended())
		return;
	while (hook_unlinked != NULL) {
		struct hook *hook = hook_unlinked;

		hook_unlinked = hook->next;
		hook_free(hook);
	}
	for (unsigned i = 0; i < HOOKS_MAXIMUM; i++) {
		struct hook *hook = hook_table[i];

		if (hook == NULL || hook->state != HOOK_REMOVED)
			continue;
		hook_unlink(hook);
		hook->next = hook_unlinked;
		hook_unlinked = hook;
	}
	for (uint32_t i = 0; i < cpus_count; i++)
		hook_unlinked_exits[i] = hook_exits_of(i);
	hook_reap_wanted = hook_unlinked != NULL;
}

void hook_visit(void (*visit)(struct hook *hook, void *context), void *context)
{
	for (unsigned i = 0; i < HOOKS_MAXIMUM; i++) {
		if (hook_table[i] != NULL && hook_table[i]->state != HOOK_REMOVED)
			visit(hook_table[i], context);
	}
}
