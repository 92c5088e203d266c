/*
 * hook/trace_event.c: makes records of events: trace_layout.h says what of. What is written of an event is what its
 * source says, not what a script has made of it, but for what the script has answered.
 */
#include "hook/trace_internal.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/trace_ring.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/vcpu.h"

#define TRACE_NO_HOOK UINT32_MAX
#define TRACE_FIELDS_BYTES (2 * RV_FIELDS_MAXIMUM * 8)

/* A record on its way. */
struct trace_draft {
	const struct trace_plan *plan;
	unsigned nr_fields; /* that are written already */
	uint8_t *end;
	struct trace_head head;
	uint8_t bytes[TRACE_NAME_BYTES + TRACE_FIELDS_BYTES + sizeof(struct trace_payload) + 8];
};
_Static_assert(offsetof(struct trace_draft, bytes) == offsetof(struct trace_draft, head) + sizeof(struct trace_head),
	       "one behind the other");

/* Which owner has which name stays so until it is renewed. Never an empty text: babeltrace2 2.0.4 takes the one before
 * for that. */
static uint8_t *draft_put_name(uint8_t *to, const struct hook_owner *owner)
{
	size_t bytes = owner != NULL ? owner->name_bytes : 0;

	if (bytes != 0) {
		memcpy(to, owner->name, bytes);
		return to + bytes;
	}
	bytes = string_copy((char *)to, owner != NULL ? owner->name : "-", TRACE_NAME_BYTES);
	return to + 1 + (bytes < TRACE_NAME_BYTES ? bytes : TRACE_NAME_BYTES - 1);
}

static void draft_begin(struct trace_draft *draft, uint32_t kind, uint32_t hook, const struct hook_owner *owner)
{
	draft->plan = &trace_plans[kind];
	draft->nr_fields = 0;
	draft->head = (struct trace_head){ .kind = (uint16_t)kind, .hook = hook };
	draft->end = draft_put_name(draft->bytes, owner);
}

/* The fields up to the end of that part. Eight bytes of each, of which the next one takes what is too much. */
static void draft_put(struct trace_draft *draft, enum trace_part part, const struct rv_event *event)
{
	const struct trace_plan *plan = draft->plan;
	unsigned at = draft->nr_fields, end = plan->ends[part];
	uint8_t *to = draft->end;

	for (; at < end; at++) {
		__builtin_memcpy(to, (const char *)event + plan->fields[at].offset, 8);
		to += plan->fields[at].bytes;
	}
	draft->nr_fields = end;
	draft->end = to;
}

/* What is behind the fields is nobody's. */
static void draft_finish(struct trace_draft *draft, const struct vcpu *vcpu, const void *tail, size_t tail_bytes)
{
	trace_ring_put(vcpu->cpu->index, &draft->head, (size_t)(draft->end - (uint8_t *)&draft->head), tail, tail_bytes);
}

/* As the source says, with all that is not said 0. Of an access in place all is said, and zeroing would take longer. */
static void trace_fill(struct rv_event *event, const struct source *source, const struct event_origin *origin)
{
	if (!source->in_place)
		memset(event, 0, offsetof(struct rv_event, registers));
	if (source->fill != NULL)
		source->fill(event, origin);
	if (source->look_up != NULL)
		(void)source->look_up(event, origin);
}

static void draft_put_payload(struct trace_draft *draft, uint64_t bytes, size_t length)
{
	struct trace_payload payload = { .bytes = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX,
					 .length = (uint16_t)length };

	__builtin_memcpy(draft->end, &payload, sizeof(payload));
	draft->end += sizeof(payload);
}

/* Requests have one, of no bytes if it is not recorded. */
static void draft_finish_plain(struct trace_draft *draft, const struct vcpu *vcpu, const struct rv_event *event)
{
	if (rv_kind_has(draft->head.kind, RV_KIND_REQUEST))
		draft_put_payload(draft, event->data_bytes, 0);
	draft_finish(draft, vcpu, NULL, 0);
}

/* A verdict that has a meaning. */
static uint8_t trace_verdict(uint32_t verdict)
{
	uint32_t modifiers = verdict & RV_VERDICT_MODIFIERS, plain = verdict - modifiers;

	if (plain > RV_VERDICT_DROP || (modifiers != 0 && plain > RV_VERDICT_CHANGE))
		return RV_VERDICT_ERROR;
	return (uint8_t)verdict;
}

/* The owner's event is its own again, if it is there at all; it is read once. */
static void trace_decided(struct trace_draft *draft, const struct hook *hook, const struct event_origin *origin,
			  bool failed)
{
	const struct rv_event *answer = hook->owner->event;
	struct rv_event event;
	bool changed;

	trace_fill(&event, hook->source, origin);
	draft->head.verdict = failed ? RV_VERDICT_ERROR : trace_verdict(*(const volatile uint32_t *)&answer->verdict);
	draft->head.fetched = (event.flags & RV_EVENT_FETCHED) != 0;
	changed = !failed && (draft->head.verdict & ~RV_VERDICT_MODIFIERS) == RV_VERDICT_CHANGE;
	draft_put(draft, TRACE_GOT, &event);
	draft_put(draft, TRACE_RESULT, changed ? answer : &event);
	draft_finish_plain(draft, origin->vcpu, &event);
}

static __attribute__((noinline)) bool trace_deliver_recorded(struct hook_owner *owner, struct hook *hook,
							     struct vcpu *vcpu)
{
	const struct event_origin *origin = hook->origin;
	struct trace_draft draft;
	uint64_t start_tsc, ticks;
	bool done;

	draft_begin(&draft, hook->spec.kind, hook->id, owner);
	draft_put(&draft, TRACE_ASKED, owner->event);
	start_tsc = tsc_read();
	done = owner->untraced(owner, hook, vcpu);
	ticks = tsc_read() - start_tsc;
	draft.head.duration = ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
	trace_decided(&draft, hook, origin, !done);
	return done;
}

bool trace_deliver(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu)
{
	if (!trace_wants(hook->spec.kind))
		return owner->untraced(owner, hook, vcpu);
	return trace_deliver_recorded(owner, hook, vcpu);
}

/* What a read gives is asked for here, as a script would that looks at it. */
static void trace_sink_recorded(struct hook *hook, struct event_origin *origin)
{
	const struct source *source = hook->source;
	struct trace_draft draft;
	struct rv_event event;

	__atomic_fetch_add(&hook->counters.delivered, 1, __ATOMIC_RELAXED);
	trace_fill(&event, source, origin);
	draft_begin(&draft, hook->spec.kind, hook->id, hook->owner);
	if (draft.plan->ends[TRACE_ASKED] != draft.plan->ends[TRACE_GOT] && !(event.flags & RV_EVENT_FETCHED) &&
	    source->fetch != NULL) {
		draft_put(&draft, TRACE_ASKED, &event);
		(void)source->fetch(&event, origin);
	}
	draft.head.fetched = (event.flags & RV_EVENT_FETCHED) != 0;
	draft_put(&draft, TRACE_RESULT, &event);
	draft_finish_plain(&draft, origin->vcpu, &event);
}

void trace_sink(struct hook *hook, struct event_origin *origin)
{
	/* Of requests, the recording's own hooks have the device watched, and the phases say the rest. */
	if (trace_wants(hook->spec.kind) && (hook->owner != &trace_owner || origin->request == NULL))
		trace_sink_recorded(hook, origin);
}

/* As much of a request's data as is asked for, in a page; NULL: none. */
static void *trace_payload(const struct source *source, struct event_origin *origin, const struct rv_event *event,
			   size_t *length)
{
	uint64_t bytes = event->data_bytes < trace_payload_bytes ? event->data_bytes : trace_payload_bytes;
	void *page = bytes != 0 && source->data != NULL ? memory_allocate_spare_page() : NULL;

	*length = 0;
	if (page != NULL && source->data(origin, 0, page, (size_t)bytes, false) == 0)
		*length = (size_t)bytes;
	return page;
}

void trace_request(uint32_t asked, uint32_t kind, struct event_origin *origin, enum trace_phase phase,
		   enum rv_verdict verdict)
{
	const struct source *source = source_of(kind);
	struct trace_draft draft;
	struct rv_event event;
	size_t length = 0;
	void *page = NULL;

	if (!trace_wants(asked))
		return;
	trace_fill(&event, source, origin);
	if (phase != TRACE_GIVEN && verdict == RV_VERDICT_PASS)
		page = trace_payload(source, origin, &event, &length);
	draft_begin(&draft, kind, TRACE_NO_HOOK, NULL);
	draft.head.phase = (uint8_t)phase;
	draft.head.verdict = (uint8_t)verdict;
	draft_put(&draft, TRACE_RESULT, &event);
	draft_put_payload(&draft, event.data_bytes, length);
	draft_finish(&draft, origin->vcpu, page, length);
	if (page != NULL)
		memory_free_page(page);
}

void trace_say(const struct hook_owner *owner, const struct vcpu *vcpu, const char *name, const char *values)
{
	uint8_t text[2 * RV_TRACE_BYTES + 2];
	struct trace_draft draft;
	size_t name_bytes = string_copy((char *)text, name, RV_TRACE_BYTES + 1) + 1;
	size_t values_bytes = string_copy((char *)text + name_bytes, values, RV_TRACE_BYTES + 1) + 1;

	draft_begin(&draft, RV_EVENT_NONE, TRACE_NO_HOOK, owner);
	draft_finish(&draft, vcpu, text, name_bytes + values_bytes);
}
