/*
 * hook/hook_shutdown.c: watches the ACPI PM1a control register (ACPI 6.4, 4.8.3.2.1).
 */
#include "hook/hook_shutdown.h"

#include "hook/hook.h"
#include "hook/hook_summary.h"

#define PM1_CONTROL_BYTES 2
#define PM1_CONTROL_SLP_TYP_SHIFT 10
#define PM1_CONTROL_SLP_TYP_MASK 7
#define PM1_CONTROL_SLP_EN (1u << 13)

void (*hook_shutdown_finish)(struct vcpu *vcpu);

static uint8_t hook_shutdown_types;
static bool hook_shutdown_done;
/* Held until the first to come is through: nobody powers off before. It is outermost. */
static struct spinlock hook_shutdown_lock;

static void hook_shutdown_deliver(struct hook *hook, void *context)
{
	if (hook->request.kind == RV_EVENT_SHUTDOWN)
		hook_deliver_plain(hook, context);
}

void hook_shutdown(struct vcpu *vcpu)
{
	spinlock_acquire(&hook_shutdown_lock);
	if (!hook_shutdown_done) {
		hook_shutdown_done = true;
		hook_visit(hook_shutdown_deliver, vcpu);
		hook_print_summary();
		if (hook_shutdown_finish != NULL)
			hook_shutdown_finish(vcpu);
	}
	spinlock_release(&hook_shutdown_lock);
}

/* The register's bits as far as this access writes them: it may be a byte of it, or more. */
static uint32_t hook_shutdown_bits(const struct access *access, uint64_t port)
{
	uint64_t value = access->value & access_mask(access);

	if (access->address >= port)
		return (uint32_t)(value << (8 * (access->address - port)));
	return (uint32_t)(value >> (8 * (port - access->address)));
}

static enum access_result hook_shutdown_handle(struct access *access, void *context)
{
	const struct access_region *region = context;
	uint32_t bits = hook_shutdown_bits(access, region->first);
	unsigned sleep_type = bits >> PM1_CONTROL_SLP_TYP_SHIFT & PM1_CONTROL_SLP_TYP_MASK;

	/* A script that switches off by itself is not told so in the midst of what it does. */
	if (access->write && !access->direct && (bits & PM1_CONTROL_SLP_EN) != 0 &&
	    (hook_shutdown_types >> sleep_type & 1))
		hook_shutdown(access->vcpu);
	return ACCESS_PASS;
}

int hook_shutdown_claim(uint16_t pm1_control_port, uint8_t sleep_types_off)
{
	static struct access_region region;

	hook_shutdown_types = sleep_types_off;
	region.first = pm1_control_port;
	region.last = (uint64_t)pm1_control_port + PM1_CONTROL_BYTES - 1;
	region.handler = hook_shutdown_handle;
	region.guard = true; /* what is written in the end decides */
	region.context = &region;
	return pio_register(&region);
}
