/*
 * play_frame.h: a frame for an event of packets that is played.
 */
#ifndef HOST_PLAY_FRAME_H
#define HOST_PLAY_FRAME_H

#include "mediator/request.h"
#include "rv/abi.h"

/* Appends bytes, written in hexadecimal, to the frame that the next event of a packet is to have. False: they are none. */
bool play_frame_line(const char *hexadecimal);

/* Makes the event say what that frame says, if there is one. */
void play_frame_fill(struct rv_event *event);

/* Writes headers into the request's data that say what the event does, as far as it says more than where they are; or that frame,
 * which is gone then. */
void play_frame_write(const struct rv_event *event, struct request *request);

#endif
