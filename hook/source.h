/*
 * hook/source.h: where events of a kind come from, and what becomes of them: one struct source a kind,
 * in a file of its own or beside its like. rv/kinds.h says what such an event is made of; all else in
 * hook/ treats kinds alike.
 */
#ifndef HOOK_SOURCE_H
#define HOOK_SOURCE_H

#include "rv/abi.h"
#include "vmm/access.h"

struct hook;
struct hook_owner;
struct request; /* mediator/request.h */
struct vcpu;

/* What scripts and those who load them give each other. */
struct hook_text {
	uint8_t *bytes;
	uint64_t length_bytes, room_bytes;
};

/* What an event is about, for its source's eyes: an access, a request, a text, or nothing. */
struct event_origin {
	struct vcpu *vcpu;
	struct access *access;
	struct request *request;
	const struct hook_owner *asked; /* of a request: whose hook's turn it is */
	struct hook_text *text;
	bool is_held; /* the request waits, and is not ours any more */
};

struct source {
	/* Puts a hook into force: on return the hardware intercepts what it wants, on every CPU. 0, or a
	 * negative errno of the registry's. Under hook_table_lock, as detach(). */
	int (*attach)(struct hook *hook);
	/* Takes it out: on return nobody intercepts for its sake. */
	void (*detach)(struct hook *hook);
	/* Writes the event's fields of this kind, but for those that are looked up, and RV_EVENT_FETCHED. NULL:
	 * there are none. Without a lock. */
	void (*fill)(struct rv_event *event, const struct event_origin *origin);
	/* The fields that are looked up. False: there is nobody to look up, and clauses about them fail. NULL:
	 * there are none. */
	bool (*look_up)(struct rv_event *event, const struct event_origin *origin);
	/* Asks the device, if that was not done: fills the lazy fields. 0; -RV_EFAULT: #GP; -RV_EAGAIN: there is
	 * nothing to ask. NULL: as the last. Under the owner's lock. */
	int (*fetch)(struct rv_event *event, struct event_origin *origin);
	/* Carries out CHANGE, DENY or DROP, with the writable fields of `event`, which is the owner's: each is
	 * read once. NULL for RV_KIND_PLAIN that no request is offered as. ACCESS_DONE: no further hook is asked. */
	enum access_result (*apply)(struct event_origin *origin, enum rv_verdict verdict,
				    const struct rv_event *event);
	/* RV_FIXED_ISOLATE: narrows the write. True: it is another now. NULL: none can be. Without a lock. */
	bool (*isolate)(struct event_origin *origin);
	/* The event has ended well: takes what it asks for beside its verdict, RV_EVENT_DONE_WANTED. NULL:
	 * nothing can be. */
	void (*note)(struct event_origin *origin, const struct rv_event *event);
	/* RV_VERDICT_HOLD: the request waits as `event` says, each field of which is read once, and asks no more
	 * hooks then if `accepts`. Sets origin->is_held. NULL: nothing waits. Under the owner's lock. */
	void (*hold)(struct event_origin *origin, const struct hook *hook, const struct rv_event *event,
		     bool accepts);
	/* May this one? NULL: each. */
	bool (*can_hold)(const struct event_origin *origin);
	/* Copies a part of the request's data to or from `buffer`. 0 or as RV_SYS_DATA_READ. NULL: there are
	 * none. Under the owner's lock. */
	int (*data)(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes,
		    bool write);
	/* Has the request's data be so many bytes: 0 or as RV_SYS_DATA_RESIZE. NULL: it cannot. Likewise. */
	int (*resize)(struct event_origin *origin, uint64_t bytes);
	/* After an event that failed: has it changed data and not come to its end? Then the request fails, for
	 * nobody meant what it is now. NULL: no. */
	bool (*is_spoiled)(const struct event_origin *origin);
	/* The hook in a few words, for the summary and messages. NULL: kind and addresses. */
	void (*describe)(const struct hook *hook, char *text, size_t text_bytes);
	/* The inverse of fill(): makes what origin->access or ->request points to what would be told as this
	 * event. For those who play events: `check` and tests. RV_KIND_PLAIN: or NULL. */
	void (*pose)(struct event_origin *origin, const struct rv_event *event);
	uint32_t kind;
	bool in_place; /* direct clauses are about the access's own width, address and value */
};

/* Announces a source: `SOURCE(port_read) = { .kind = ..., };`. The linker gathers them. */
#define SOURCE(name)                                                                               \
	static const struct source source_##name;                                                  \
	static const struct source *const source_entry_##name                                      \
		__attribute__((section("sources"), used)) = &source_##name;                        \
	static const struct source source_##name

/* The source of a kind, which has one. */
const struct source *source_of(uint32_t kind);

/* source_access.c: what the sources of accesses have in common. */
void source_access_fill(struct rv_event *event, const struct event_origin *origin);
int source_access_fetch(struct rv_event *event, struct event_origin *origin);
enum access_result source_access_apply(struct event_origin *origin, enum rv_verdict verdict,
				       const struct rv_event *event);
/* For one kind of accesses; `write` is the kind's. */
void source_access_pose(struct event_origin *origin, const struct rv_event *event,
			enum access_kind kind);

#endif
