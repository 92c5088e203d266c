/*
 * trace.h: a script's own events in a recording.
 */
#ifndef TRACE_H
#define TRACE_H

#include <mruby.h>

/* Defines Trace and Kernel#trace. */
void trace_init(mrb_state *mrb);

#endif
