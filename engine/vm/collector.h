/*
 * engine/vm/collector.h: what collector.c, array.c and hash.c agree on, and what they ask of the gem
 * ritevisor-engine.
 */
#ifndef ENGINE_VM_COLLECTOR_H
#define ENGINE_VM_COLLECTOR_H

#include <mruby.h>
#include <stdbool.h>

/* A step of the collector is due, amid an allocation (pause.c). */
void engine_collect(mrb_state *mrb);

/* Places of objects that the last step of sweeping passed because they were in use, or free already.
 * pause.c has it: it is there where mruby's own collector is, in whose tests it stays 0. */
extern size_t collector_passed;

/* Elements of an array are going to move to higher places, without a write barrier. */
void collector_will_move(struct RBasic *container);

/* Marks the keys and values of up to `count` entries below `end`; returns where the next slice
 * ends. */
size_t collector_mark_hash(mrb_state *mrb, struct RHash *hash, size_t end, size_t count);

#endif
