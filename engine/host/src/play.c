/*
 * play.c: one event of the simulated guest; and the devices as the hypervisor's own code asks them.
 */
#include "play.h"
#include "play_frame.h"

#include "core/time.h"
#include "events.h"
#include "hook/hook_internal.h"
#include "hook/metric.h"
#include "mediator/disk/redirect.h"
#include "machine.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/pci.h"
#include "vmm/vcpu.h"

#include <stdio.h>
#include <string.h>

enum { PLAY_DATA_BYTES = 1 << 20 };

uint64_t pci_numbers_generation; /* no bus gets another number here */
static struct cpu play_cpu;
static struct vcpu play_vcpu = { .cpu = &play_cpu };

/* The hardware -------------------------------------------------------------------------------- */

static struct play *play_now;		      /* the event that goes on, NULL: none */
static const struct recorded *play_recorded; /* and what was recorded of it */

/* Is what the device is asked for what the recorded event asked it for? Then that has the answer. */
static bool play_answers(enum access_kind kind, uint64_t address)
{
	return play_now != NULL && play_recorded->device != RECORDED_SIMULATED && play_now->origin.access != NULL &&
	       play_now->access.kind == kind && !play_now->access.write && play_now->access.address == address;
}

/* Takes the answer; `otherwise` where there is none. */
static uint64_t play_answer(uint64_t otherwise)
{
	if (play_recorded->device == RECORDED_ANSWER)
		return play_recorded->numbers[0];
	play_now->asked_in_vain |= play_recorded->device == RECORDED_NOT_ASKED && play_now->hook != NULL;
	return otherwise;
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	uint64_t simulated = machine_port_read(port, width_bytes);

	return (uint32_t)(play_answers(ACCESS_PORT, port) ? play_answer(simulated) : simulated);
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	machine_port_write(port, width_bytes, value);
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	uint64_t value = 0;

	if (!machine_mmio(gpa, &value, width_bytes, false))
		value = UINT64_MAX >> (64 - 8 * width_bytes);
	return play_answers(ACCESS_MMIO, gpa) ? play_answer(value) : value;
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	(void)machine_mmio(gpa, &value, width_bytes, true);
}

bool msr_hardware_read(uint32_t msr, uint64_t *value)
{
	bool exists = machine_msr_read(msr, value);

	if (!play_answers(ACCESS_MSR, msr))
		return exists;
	*value = play_answer(exists ? *value : 0);
	return play_recorded->device != RECORDED_FAULT;
}

bool msr_hardware_write(uint32_t msr, uint64_t value)
{
	bool exists = machine_msr_write(msr, value);

	/* What was recorded was an MSR of that machine. */
	return exists || (play_now != NULL && play_recorded->time[0] != '\0' && play_now->access.address == msr);
}

void cpuid_hardware(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	(void)vcpu;
	machine_cpuid(leaf, subleaf, registers);
	if (!play_answers(ACCESS_CPUID, (uint64_t)subleaf << 32 | leaf))
		return;
	(void)play_answer(0);
	for (unsigned int i = 0; play_recorded->device == RECORDED_ANSWER && i < RECORDED_NUMBERS; i++)
		registers[i] = (uint32_t)play_recorded->numbers[i];
}

static uint16_t play_bdf(uint64_t address)
{
	return (uint16_t)(address >> 12);
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	uint64_t simulated = machine_pci_read(play_bdf(address), address & 0xfff, width_bytes);

	return (uint32_t)(play_answers(ACCESS_PCI, address) ? play_answer(simulated) : simulated);
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	machine_pci_write(play_bdf(address), address & 0xfff, width_bytes, value);
}

/* No time passes at a device but what an event says: its microseconds are what the clock counts. */
uint64_t time_tsc_hz = 1000000;

/* One CPU, and nobody else. */
uint32_t cpus_count = 1;

void spinlock_acquire(struct spinlock *lock)
{
	(void)lock;
}

void spinlock_release(struct spinlock *lock)
{
	(void)lock;
}

/* The event ----------------------------------------------------------------------------------- */

static uint8_t play_data_bytes[PLAY_DATA_BYTES];

static int play_request_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes,
			     bool write)
{
	(void)request;
	if (write)
		memcpy(play_data_bytes + offset, buffer, length_bytes);
	else
		memcpy(buffer, play_data_bytes + offset, length_bytes);
	return 0;
}

static int play_request_resize(struct request *request, uint64_t bytes)
{
	if (bytes == 0 || bytes > RV_FRAME_BYTES_MAXIMUM)
		return -RV_ERANGE;
	request->data_bytes = bytes;
	return 0;
}

static bool play_is_packet(uint32_t kind)
{
	return kind == RV_EVENT_NET_TX || kind == RV_EVENT_NET_RX;
}

static bool play_is_usb(uint32_t kind)
{
	return kind == RV_EVENT_USB_CONTROL || kind == RV_EVENT_USB_TRANSFER || kind == RV_EVENT_USB_DONE;
}

static uint64_t play_bytes(const struct rv_event *event)
{
	uint64_t bytes = play_is_packet(event->kind) ? event->net_length : play_is_usb(event->kind) ? event->usb_length
		: event->disk_sectors * UINT64_C(512);

	return bytes < PLAY_DATA_BYTES ? bytes : PLAY_DATA_BYTES;
}

/* Data begin as zeros, as on a new disk, and a packet as what is said of it, where none were recorded. */
static bool play_begin_request(struct play *play, const struct rv_event *event)
{
	static uint64_t last;
	play->origin.request = &play->request;
	play->request.handle = ++last;
	/* What the guest has written is there from the start, what it reads when the disk is done. */
	if (event->kind == RV_EVENT_DISK_WRITE || event->kind == RV_EVENT_DISK_DONE || play_is_packet(event->kind))
		play->request.data_bytes = play_bytes(event);
	if (play_is_usb(event->kind) && (event->kind == RV_EVENT_USB_DONE || event->usb_direction == 0))
		play->request.data_bytes = play_bytes(event);
	if (event->kind == RV_EVENT_DISK_READ)
		play->request.answer_bytes = play_bytes(event);
	play->request.data = play_request_data;
	memset(play_data_bytes, 0, sizeof(play_data_bytes));
	if (play_is_packet(event->kind)) {
		play->request.resize = play_request_resize;
		play_frame_write(event, &play->request);
	}
	return play_recorded->payload[0] == '\0' || events_payload(play_data_bytes, sizeof(play_data_bytes));
}

/* What one script hands over the next gets, which here is the same one. */
static struct hook_text *play_text(uint32_t kind)
{
	static uint8_t bytes[RV_HAND_OVER_BYTES];
	static struct hook_text text = { .bytes = bytes, .room_bytes = sizeof(bytes) };

	if (kind == RV_EVENT_HAND_OVER)
		text.length_bytes = 0;
	return &text;
}

int64_t play_data(struct play *play, uint64_t offset, void *buffer, uint64_t length_bytes, bool write)
{
	const struct source *source = play->hook != NULL ? play->hook->source : NULL;

	if (source == NULL || source->data == NULL)
		return -RV_EAGAIN;
	return source->data(&play->origin, offset, buffer, length_bytes, write);
}

int64_t play_resize(struct play *play, uint64_t bytes)
{
	const struct source *source = play->hook != NULL ? play->hook->source : NULL;

	if (source == NULL || source->data == NULL)
		return -RV_EAGAIN;
	return source->resize != NULL ? source->resize(&play->origin, bytes) : -RV_ENOTSUP;
}

bool play_begin(struct play *play, const struct rv_event *event, const struct recorded *recorded)
{
	bool has_data = true;

	*play = (struct play){ .kind = event->kind, .origin = { .vcpu = &play_vcpu, .text = play_text(event->kind) } };
	play_now = play;
	play_recorded = recorded;
	host_hook_begin();
	if (rv_kind_has(event->kind, RV_KIND_PLAIN) && source_of(event->kind)->pose == NULL)
		return true;
	if (rv_kind_has(event->kind, RV_KIND_PLAIN)) /* what it tells is a request's, without data */
		play->origin.request = &play->request;
	else if (rv_kind_has(event->kind, RV_KIND_REQUEST))
		has_data = play_begin_request(play, event);
	else
		play->origin.access = &play->access;
	source_of(event->kind)->pose(&play->origin, event);
	return has_data;
}

static void play_count(struct hook *hook, const struct event_origin *origin)
{
	struct rv_event event;

	hook->source->fill(&event, origin);
	metric_sink(hook, &event);
}

/* The next that wants it; what C says by itself is done on the way. */
static struct hook *play_next(struct play *play)
{
	struct hook *hook = NULL;

	while (!play->done && !play->accepted) {
		hook = host_hook_next(play->hook, play->kind, &play->origin);
		play->hook = hook;
		play->hooked |= hook != NULL;
		if (hook == NULL || hook->spec.fixed == RV_FIXED_NONE)
			return hook;
		if (hook->spec.fixed == RV_FIXED_METRIC)
			play_count(hook, &play->origin);
		play->done = hook_resolve_fixed(hook, &play->origin) == ACCESS_DONE;
	}
	return NULL;
}

bool play_open(struct play *play, struct rv_event *shown)
{
	struct hook *hook = play_next(play);

	play->hook = hook;
	if (hook == NULL)
		return false;
	hook->origin = &play->origin;
	play->access.base = host_hook_base(hook);
	hook_fill_event(hook, shown, &play->origin);
	shown->cpu = play_recorded->cpu;
	return true;
}

/* Did the block raise, or say what means nothing? */
static bool play_has_failed(uint32_t verdict)
{
	return (verdict & ~(uint32_t)RV_VERDICT_MODIFIERS) >= RV_VERDICT_ERROR;
}

enum { PLAY_HELD_MAXIMUM = 64 };

static struct {
	uint64_t handle, answer_bytes;
} play_held[PLAY_HELD_MAXIMUM];

/* mediator/disk/redirect.h: no data go anywhere here. */
void redirect_set(struct request *request, uint32_t target, const struct hook_owner *redirector)
{
	request->target = target;
	request->redirector = redirector;
}

/* mediator/request.h. No time passes here: what is delayed goes on. */
void request_hold(struct request *request, const struct hook *hook, uint64_t us, bool delays)
{
	struct play *play = CONTAINER_OF(request, struct play, request);

	(void)hook;
	play->lost = delays && us == RV_HOLD_US_EVER;
	for (unsigned int i = 0; !delays && i < PLAY_HELD_MAXIMUM; i++) {
		if (play_held[i].handle != 0)
			continue;
		play_held[i].handle = request->handle;
		play_held[i].answer_bytes = request->kind == request->asked ? request->answer_bytes : 0;
		play->held = true;
		return;
	}
}

int64_t play_resolve(uint64_t handle)
{
	for (unsigned int i = 0; handle != 0 && i < PLAY_HELD_MAXIMUM; i++) {
		if (play_held[i].handle != handle)
			continue;
		play_held[i].handle = 0;
		return 0;
	}
	return -RV_ENOENT;
}

int64_t play_answer_held(uint64_t handle, uint64_t bytes)
{
	for (unsigned int i = 0; handle != 0 && i < PLAY_HELD_MAXIMUM; i++) {
		if (play_held[i].handle == handle && play_held[i].answer_bytes != bytes)
			return play_held[i].answer_bytes == 0 ? -RV_EAGAIN : -RV_ERANGE;
	}
	return play_resolve(handle);
}

bool play_close(struct play *play, const struct rv_event *shown)
{
	struct hook *hook = play->hook;
	uint32_t verdict = shown->verdict;
	enum access_result result = ACCESS_PASS;

	play->failed |= play_has_failed(verdict);
	if (hook->source->note != NULL && !play_has_failed(verdict))
		hook->source->note(&play->origin, shown);
	if (hook->source->apply != NULL)
		result = hook_resolve(hook, &play->origin, verdict, shown);
	else if (play_has_failed(verdict))
		(void)hook_verdict_on_error(hook);
	if (play->origin.is_held && !play->held && !play->lost) /* it is delayed */
		result = play->request.after == UINT64_MAX ? ACCESS_ACCEPT : ACCESS_PASS;
	play->origin.is_held = false;
	play->done = result == ACCESS_DONE;
	play->accepted = result == ACCESS_ACCEPT;
	return !play_has_failed(verdict);
}

/* The guest gets what the device gives, whatever that is: no hook answered, or asked the device. */
static bool play_is_unchanged(const struct play *play)
{
	return play_recorded->device == RECORDED_NOT_ASKED && play->origin.access != NULL && !play->access.write &&
	       !play->access.resolved;
}

void play_finish(struct play *play)
{
	play->unchanged = play_is_unchanged(play);
	if (play->origin.access != NULL && !play->done) {
		if (play->access.write)
			access_store(&play->access);
		else
			access_fetch(&play->access);
	}
	play_now = NULL;
}

/* The fields that a verdict can change. */
static void play_describe_fields(const struct play *play, char *text, size_t bytes)
{
	const struct rv_kind *kind = &rv_kinds[play->kind];
	struct rv_event event;
	size_t used = 0;

	source_of(play->kind)->fill(&event, &play->origin);
	text[0] = '\0';
	for (uint32_t i = 0; i < kind->nr_fields && used < bytes; i++) {
		if (kind->fields[i].flags & RV_FIELD_WRITABLE)
			used += (size_t)snprintf(text + used, bytes - used, "%s0x%llx", used == 0 ? "" : " ",
						 (unsigned long long)rv_field_get(&kind->fields[i], &event));
	}
}

void play_describe(const struct play *play, char *text, size_t bytes)
{
	if (play->held || play->lost)
		snprintf(text, bytes, play->lost ? "lost" : "held");
	else if (play->origin.request != NULL && play->done)
		snprintf(text, bytes, play->request.verdict == RV_VERDICT_DENY ? "denied"
					      : play->request.is_answered ? "answered" : "dropped");
	else if (play->origin.request != NULL && play->request.target != 0)
		snprintf(text, bytes, "redirected");
	else if (play->origin.request != NULL && play->request.changed)
		play_describe_fields(play, text, bytes);
	else if (play->origin.request != NULL)
		snprintf(text, bytes, play->request.data_changed ? "changed" : "passed");
	else if (play->origin.access == NULL)
		snprintf(text, bytes, "done");
	else if (play->unchanged)
		snprintf(text, bytes, "unchanged");
	else if (play->access.fault)
		snprintf(text, bytes, "gp");
	else if (play->access.write && play->done)
		snprintf(text, bytes, "dropped");
	else
		play_describe_fields(play, text, bytes);
}
