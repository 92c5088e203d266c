/*
 * play.h: one event of the simulated guest on its way through the hooks to the device.
 */
#ifndef ENGINE_HOST_PLAY_H
#define ENGINE_HOST_PLAY_H

#include "host_hooks.h"
#include "recorded.h"

#include "mediator/request.h"

struct play {
	uint32_t kind;
	struct access access;	     /* the truth; what the engine sees is made of it */
	struct request request;	     /* or this */
	struct event_origin origin;
	struct hook *hook;	     /* whose event is open */
	bool hooked;		     /* a hook saw it */
	bool done;		     /* a hook ended it: no device */
	bool lost;		     /* a hook has it wait for ever */
	bool held;		     /* a hook has it wait: what it waits for is told with RV_SYS_RESOLVE */
	bool accepted;		     /* a hook said that no other is asked */
	bool failed;		     /* a hook's block raised */
	bool unchanged;		     /* the device's answer, which is not known, is the guest's */
	bool asked_in_vain;	     /* it asked a device whose answer the recording does not have */
};

/* Makes the guest do what would be told as this event. What was recorded of it holds until play_finish(). False: its
 * data cannot be read. */
bool play_begin(struct play *play, const struct rv_event *event, const struct recorded *recorded);

/* Opens the event of the next hook that wants it, for the engine. False: there is none. */
bool play_open(struct play *play, struct rv_event *shown);

/* Closes it with the verdict that stands in there. False: the hook's block failed. */
bool play_close(struct play *play, const struct rv_event *shown);

/* What becomes of it once all hooks have seen it. */
void play_finish(struct play *play);

/* A part of the data of the request that is open, as RV_SYS_DATA_READ and RV_SYS_DATA_WRITE. */
int64_t play_resize(struct play *play, uint64_t bytes);
int64_t play_data(struct play *play, uint64_t offset, void *buffer, uint64_t length_bytes, bool write);

/* RV_SYS_RESOLVE: one that was held. Nothing else comes of it here. */
int64_t play_resolve(uint64_t handle);
/* RV_SYS_ANSWER, with so many bytes; likewise. */
int64_t play_answer_held(uint64_t handle, uint64_t bytes);

/* The outcome in words, as an .events file spells it. */
void play_describe(const struct play *play, char *text, size_t bytes);

#endif
