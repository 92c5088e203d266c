/*
 * hook/hook_follow.c: hooks that follow a PCI function: their addresses count from one of its BARs, or are in
 * its configuration space, and go where that goes (vmm/pci_follow.h).
 */
#include "hook/hook_internal.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define FOLLOWS_NUMBER(follows) ((follows) >> 16 & 0x7fff)
#define FOLLOWS_FUNCTION(follows) ((uint64_t)((follows) & 0xffff) << 12)

_Static_assert(RV_FOLLOWS_CONFIGURATION == PCI_CONFIGURATION, "rv/abi.h, vmm/pci_follow.h");

static enum access_result hook_follow_hand_on(struct access *access, int64_t offset, struct hook *hook)
{
	enum access_result result;

	access->base = access->address - (uint64_t)offset;
	result = hook->region.handler(access, hook->region.context);
	access->base = 0; /* the next hook may be of an address */
	return result;
}

/* Another device in the same slot may have another sort of BAR there. */
static enum access_result hook_follow_port(struct access *access, int64_t offset, void *context)
{
	return access->kind == ACCESS_PORT ? hook_follow_hand_on(access, offset, context) : ACCESS_PASS;
}

static enum access_result hook_follow_memory(struct access *access, int64_t offset, void *context)
{
	return access->kind == ACCESS_MMIO ? hook_follow_hand_on(access, offset, context) : ACCESS_PASS;
}

static enum access_result hook_follow_configuration(struct access *access, int64_t offset, void *context)
{
	struct hook *hook = context;

	(void)offset;
	return hook->region.handler(access, hook->region.context);
}

static bool hook_follow_is(uint32_t follows, enum access_kind kind)
{
	unsigned number = FOLLOWS_NUMBER(follows);
	struct pci_bar bar;

	if (kind == ACCESS_PCI)
		return number == PCI_CONFIGURATION;
	return number < PCI_BARS_MAXIMUM && pci_bar_get(FOLLOWS_FUNCTION(follows), number, &bar) == 0 &&
	       bar.port == (kind == ACCESS_PORT);
}

int hook_follow_attach(struct hook *hook, enum access_kind kind)
{
	uint32_t follows = hook->spec.follows;

	if (!(follows & RV_FOLLOWS) || !hook_follow_is(follows, kind))
		return -RV_ENOENT;
	hook->follower = (struct pci_follower){
		.region = hook->region,
		.function = FOLLOWS_FUNCTION(follows),
		.number = (uint8_t)FOLLOWS_NUMBER(follows),
		.first = hook->first,
		.last = hook->last,
		.handler = kind == ACCESS_PORT   ? hook_follow_port
			   : kind == ACCESS_MMIO ? hook_follow_memory
						 : hook_follow_configuration,
		.context = hook,
	};
	return pci_follow(&hook->follower);
}

void hook_follow_detach(struct hook *hook)
{
	pci_unfollow(&hook->follower);
}
