/*
 * control/control_record.c: the recording that a session has in hand, and its lease: who fetches nothing for long has
 * gone, and what was allocated and hooked for him goes, too.
 *
 * control_record_lock guards the record. It is not held over the work: who works on it has made it busy, and others are
 * told to come again.
 */
#include "control/control_internal.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/trace.h"
#include "hook/trace_ring.h"
#include "rv/errno.h"
#include "vmm/deadline.h"

_Static_assert(TRACE_PACKET_BYTES <= CONTROL_DATA_BYTES && TRACE_UUID_BYTES == CONTROL_UUID_BYTES, "control_abi.h");

static void record_end_lease(struct deadline *deadline, struct vcpu *vcpu);

static struct spinlock control_record_lock;
static struct {
	uint64_t session; /* 0: there is no recording */
	bool busy;
	uint64_t lease_tsc;
	struct deadline lease;
} control_record;

/* Under the lock. */
static void record_renew(void)
{
	control_record.lease_tsc = tsc_read() + time_tsc_of_us(UINT64_C(1000000) * CONTROL_LEASE_SECONDS);
	control_record.lease.expire = record_end_lease;
	deadline_set(&control_record.lease, control_record.lease_tsc);
}

/* Takes the recording of that session for oneself; 0: makes one of `maker`. */
static int record_claim(uint64_t session, uint64_t maker)
{
	int error = 0;

	spinlock_acquire(&control_record_lock);
	if (control_record.session != session)
		error = session == 0 ? -RV_EBUSY : -RV_ENOENT;
	else if (control_record.busy)
		error = -RV_EAGAIN;
	if (error == 0) {
		control_record.busy = true;
		control_record.session = session != 0 ? session : maker;
	}
	spinlock_release(&control_record_lock);
	return error;
}

static void record_leave(bool over)
{
	spinlock_acquire(&control_record_lock);
	control_record.busy = false;
	if (over)
		control_record.session = 0;
	else
		record_renew();
	spinlock_release(&control_record_lock);
}

/* All of it goes. It is busy. */
static void record_end(void)
{
	bool over = trace_stop() == 0;

	/* If a CPU has stopped amid the hooks, the lease ends once more. */
	if (over) {
		(void)deadline_cancel(&control_record.lease);
		trace_end();
	}
	record_leave(over);
}

static void record_end_lease(struct deadline *deadline, struct vcpu *vcpu)
{
	bool over;

	(void)deadline;
	(void)vcpu;
	spinlock_acquire(&control_record_lock);
	over = control_record.session != 0 && !control_record.busy && tsc_read() >= control_record.lease_tsc;
	if (over)
		control_record.busy = true;
	else if (control_record.session != 0)
		record_renew();
	spinlock_release(&control_record_lock);
	if (!over)
		return;
	log_info("nobody fetches what is recorded any more");
	record_end();
}

void control_record_forget(uint64_t session)
{
	if (session != 0 && record_claim(session, 0) == 0)
		record_end();
}

static int64_t record_begin(struct control_message *message)
{
	struct trace_setup setup = {
		.kinds = message->argument[0],
		.nr_packets = message->argument[1] <= TRACE_PACKETS_MAXIMUM ? (unsigned)message->argument[1] : 0,
		.payload_bytes = message->argument[2] <= TRACE_PAYLOAD_BYTES_MAXIMUM ? (unsigned)message->argument[2]
										      : UINT32_MAX,
	};
	int error;

	if (message->data_bytes != sizeof(setup.uuid) || setup.kinds == 0 || setup.kinds >> RV_EVENT_KIND_COUNT != 0)
		return -RV_EINVAL;
	if (message->argument[3] != trace_layout_sum())
		return -RV_ENOTSUP;
	memcpy(setup.uuid, message->data, sizeof(setup.uuid));
	error = record_claim(0, message->session);
	if (error != 0)
		return error;
	error = trace_begin(&setup);
	if (error == 0)
		log_info("recording, up to %u KiB a CPU", setup.nr_packets * 4);
	record_leave(error != 0);
	message->argument[0] = tsc_read();
	return error != 0 ? error : (int64_t)cpus_count;
}

/* Returns bytes of data. */
static uint32_t record_fetch(struct control_message *message)
{
	uint64_t cpu = message->argument[0] < CPUS_MAXIMUM ? message->argument[0] : CPUS_MAXIMUM;

	trace_rings_count(&message->argument[2], &message->argument[3]);
	return (uint32_t)trace_ring_fetch((unsigned)cpu, &message->argument[1], message->data);
}

/* With a recording that is there. */
static int64_t record_go_on(struct control_message *message)
{
	const uint64_t *argument = message->argument;
	uint32_t data_bytes = 0;
	int64_t result;

	message->data_bytes = 0;
	result = record_claim(message->session, 0);
	if (result != 0)
		return result;
	if (message->command == CONTROL_RECORD_FETCH)
		data_bytes = record_fetch(message);
	else if (message->command == CONTROL_RECORD_STOP)
		result = trace_stop();
	else if (argument[0] >= RV_EVENT_KIND_COUNT || argument[1] > 1)
		result = -RV_EINVAL;
	else
		result = trace_hook((uint32_t)argument[0], argument[1] == 0, argument[2], argument[3]);
	message->data_bytes = data_bytes;
	record_leave(false);
	return result;
}

int64_t control_record_perform(struct control_message *message, struct vcpu *vcpu)
{
	int64_t result;

	if (message->command == CONTROL_RECORD) {
		result = record_begin(message);
		message->data_bytes = 0;
	} else {
		result = record_go_on(message);
	}
	/* For the lease: this CPU is to be there when it ends. */
	deadline_look(vcpu);
	return result;
}
