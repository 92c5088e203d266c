/*
 * play_frame.h: a frame for an event of packets that is played.
 */
#ifndef HOST_PLAY_FRAME_H
#define HOST_PLAY_FRAME_H

#include "mediator/request.h"
#include "rv/abi.h"

/* Writes headers into the request's data that say what the event does, as far as it says more than where they are. */
void play_frame_write(const struct rv_event *event, struct request *request);

#endif
