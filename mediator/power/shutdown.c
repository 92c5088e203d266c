/*
 * mediator/power/shutdown.c: owns the guest's end: tells the hooks that want it, then the watchers, once.
 */
#include "mediator/power/shutdown.h"

#include "core/log.h"
#include "core/spinlock.h"
#include "crypt/volume_key.h"
#include "hook/hook.h"
#include "hook/source.h"
#include "mediator/power/reset.h"
#include "vmm/access.h"
#include "vmm/vcpu.h"

struct watchers shutdown_watchers;

static bool shutdown_was_told;
/* Held until the first to come is through. It is outermost. */
static struct spinlock shutdown_lock;

static int shutdown_attach(struct hook *hook)
{
	(void)hook;
	return reset_claim();
}

static void shutdown_detach(struct hook *hook)
{
	(void)hook;
	reset_release();
}

static void shutdown_deliver(struct hook *hook, void *context)
{
	if (hook->spec.kind == RV_EVENT_SHUTDOWN)
		hook_deliver_plain(hook, context);
}

void shutdown_tell(struct vcpu *vcpu)
{
	if (shutdown_watchers.first == NULL)
		return;
	spinlock_acquire(&shutdown_lock);
	if (!shutdown_was_told) {
		shutdown_was_told = true;
		hook_visit(shutdown_deliver, vcpu);
		watch_tell(&shutdown_watchers, vcpu);
	}
	spinlock_release(&shutdown_lock);
}

void shutdown_by_access(struct access *access)
{
	if (!access->direct)
		shutdown_tell(access->vcpu);
	crypt_keys_wipe();
}

static void shutdown_by_reset(void *vcpu)
{
	shutdown_tell(vcpu);
	crypt_keys_wipe();
}

void shutdown_init(void)
{
	static struct watcher watcher = { .notify = shutdown_by_reset };

	watch_add(&vcpu_reset_watchers, &watcher);
	crypt_guard = reset_claim;
}

static void shutdown_describe(const struct hook *hook, char *text, size_t text_bytes)
{
	(void)hook;
	print_format(text, text_bytes, "at_exit");
}

SOURCE(shutdown) = {
	.kind = RV_EVENT_SHUTDOWN,
	.attach = shutdown_attach,
	.detach = shutdown_detach,
	.describe = shutdown_describe,
};
