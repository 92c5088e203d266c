/*
 * hook/hook_shutdown.c: tells the hooks that want it of the guest's end, once.
 */
#include "hook/hook_shutdown.h"

#include "core/log.h"
#include "hook/hook.h"
#include "hook/hook_internal.h"
#include "hook/hook_summary.h"

void (*hook_shutdown_finish)(struct vcpu *vcpu);
int (*hook_shutdown_want)(bool wanted);

static unsigned hook_shutdown_count; /* hooks that there are; under hook_table_lock */

static bool hook_shutdown_done;
/* Held until the first to come is through: nobody powers off before. It is outermost. */
static struct spinlock hook_shutdown_lock;

static int hook_shutdown_attach(struct hook *hook)
{
	int error = hook_shutdown_count == 0 && hook_shutdown_want ? hook_shutdown_want(true) : 0;

	(void)hook;
	if (error == 0)
		hook_shutdown_count++;
	return error;
}

static void hook_shutdown_detach(struct hook *hook)
{
	(void)hook;
	if (--hook_shutdown_count == 0 && hook_shutdown_want)
		(void)hook_shutdown_want(false);
}

static void hook_shutdown_deliver(struct hook *hook, void *context)
{
	if (hook->spec.kind == RV_EVENT_SHUTDOWN)
		hook_deliver_plain(hook, context);
}

void hook_shutdown(struct vcpu *vcpu)
{
	if (hook_shutdown_finish == NULL)
		return;
	spinlock_acquire(&hook_shutdown_lock);
	if (!hook_shutdown_done) {
		hook_shutdown_done = true;
		hook_visit(hook_shutdown_deliver, vcpu);
		hook_print_summary();
		hook_shutdown_finish(vcpu);
	}
	spinlock_release(&hook_shutdown_lock);
}

static void hook_shutdown_describe(const struct hook *hook, char *text, size_t text_bytes)
{
	(void)hook;
	print_format(text, text_bytes, "at_exit");
}

SOURCE(shutdown) = {
	.kind = RV_EVENT_SHUTDOWN,
	.attach = hook_shutdown_attach,
	.detach = hook_shutdown_detach,
	.describe = hook_shutdown_describe,
};
