/*
 * sink.h: class Sink: what is counted, which the hypervisor keeps (rv/metric.h).
 */
#ifndef RITEVISOR_HOOK_SINK_H
#define RITEVISOR_HOOK_SINK_H

#include <mruby.h>

void sink_init(mrb_state *mrb);

#endif
