/*
 * control/wire.c: who looks at the wire, and when. wire_is_taken: whoever has it looks, others do not wait.
 */
#include "control/wire.h"

#include "control/control_internal.h"
#include "control/wire_internal.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/interrupt_watch.h"
#include "vmm/pio.h"
#include "vmm/vcpu.h"

#define WIRE_PORTS 8
#define WIRE_BUSY_US 1000   /* a 16550's FIFO fills in 1.4 ms at 115,200 baud */
#define WIRE_IDLE_US 20000
#define WIRE_BUSY_FOR_US 1000000 /* behind the last byte */
/* So long nobody has looked: all CPUs hang, and an NMI is for us. */
#define WIRE_DEAF_US 1000000
#define WIRE_REST_US 100 /* in which the machine, be it an emulator's, gets to what its UART has to do */
#define WIRE_STOP_US 10000000 /* of silence, for which a stopped CPU waits */

static bool wire_is_taken;
static uint64_t wire_looked_tsc, wire_busy_tsc; /* somebody last looked; something last moved */

static bool wire_is_long_ago(const uint64_t *when_tsc, uint64_t us)
{
	return wire_is_past(__atomic_load_n(when_tsc, __ATOMIC_RELAXED), us);
}

static void wire_note(uint64_t *when_tsc)
{
	__atomic_store_n(when_tsc, tsc_read(), __ATOMIC_RELAXED);
}

static void wire_look(struct vcpu *vcpu)
{
	if (__atomic_exchange_n(&wire_is_taken, true, __ATOMIC_ACQUIRE))
		return;
	if (wire_turn(vcpu))
		wire_note(&wire_busy_tsc);
	wire_note(&wire_looked_tsc);
	__atomic_store_n(&wire_is_taken, false, __ATOMIC_RELEASE);
}

static void wire_look_at_times(struct deadline *deadline, struct vcpu *vcpu)
{
	wire_look(vcpu);
	deadline_set(deadline, tsc_read() + time_tsc_of_us(wire_is_long_ago(&wire_busy_tsc, WIRE_BUSY_FOR_US)
								   ? WIRE_IDLE_US
								   : WIRE_BUSY_US));
}

/* The CPU waits here, and takes NMIs, by which others want it, in between. */
static void wire_stop(struct vcpu *vcpu)
{
	uint64_t start;

	log_notice("the guest hangs at RIP %lx on CPU %u: an NMI has stopped it, and the wire is served until `continue`",
		   vcpu->rip, vcpu->cpu->index);
	control_goes_on = false;
	control_is_stopped = true;
	wire_note(&wire_busy_tsc);
	while (!__atomic_load_n(&control_goes_on, __ATOMIC_RELAXED) && !wire_is_long_ago(&wire_busy_tsc, WIRE_STOP_US)) {
		wire_look(vcpu);
		vcpu_ops->host_begin(vcpu);
		if (panic_is_elsewhere())
			cpu_stop();
		time_wait_us(WIRE_REST_US);
		vcpu_ops->host_end(vcpu);
	}
	control_is_stopped = false;
	/* What `continue` is answered. */
	for (start = tsc_read(); control_goes_on && !wire_is_past(start, WIRE_DEAF_US / 4); time_wait_us(WIRE_REST_US))
		wire_look(vcpu);
	log_notice("the guest goes on, with the NMI");
}

/* An NMI of the guest's. One stops: others that hang go on, and get theirs. */
static void wire_notice_nmi(void *vcpu)
{
	static bool is_stopping;

	if (!wire_is_long_ago(&wire_looked_tsc, WIRE_DEAF_US) || __atomic_exchange_n(&is_stopping, true, __ATOMIC_ACQUIRE))
		return;
	wire_stop(vcpu);
	__atomic_store_n(&is_stopping, false, __ATOMIC_RELEASE);
}

/* As process/ does, which may not be there. */
static void wire_notice_interrupt(void *vcpu)
{
	deadline_look(vcpu);
}

/* The guest's, and what scripts do by themselves. */
static enum access_result wire_hide(struct access *access, void *context)
{
	(void)context;
	if (!access->write)
		access->value = access_mask(access);
	access->resolved = true;
	return ACCESS_DONE;
}

int wire_init(uint16_t port)
{
	static struct access_region region = { .handler = wire_hide, .band = BAND_GUARD };
	static struct deadline deadline = { .expire = wire_look_at_times };
	static struct watcher watcher = { .notify = wire_notice_nmi }, interrupts = { .notify = wire_notice_interrupt };
	int error;

	if (!wire_uart_start(port))
		return -RV_ENOENT;
	region.first = port;
	region.last = port + WIRE_PORTS - 1u;
	error = pio_register(&region);
	if (error != 0)
		return error;
	wire_note(&wire_looked_tsc);
	watch_add(&vcpu_nmi_watchers, &watcher);
	watch_add(&interrupt_watchers, &interrupts);
	deadline_set(&deadline, tsc_read() + time_tsc_of_us(WIRE_IDLE_US));
	deadline_look(cpu_current()->vcpu);
	log_notice("the wire at port %x: whoever holds it may what control= says", port);
	return 0;
}
