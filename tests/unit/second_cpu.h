/*
 * tests/unit/second_cpu.h: a lab's second CPU. Its work may stand still wherever the lock is not held, as while a hook
 * is asked, and the first goes on for any number of steps: out of its exit, into its guest, whose handler looks at its
 * queue. One of them runs at a time, each on a stack of its own, and unit_random() says who: the same numbers lead to the
 * same sequence, in a fuzzer too.
 */
#ifndef TESTS_UNIT_SECOND_CPU_H
#define TESTS_UNIT_SECOND_CPU_H

#include <stdbool.h>

/* Of what happens while hooks are asked, on the CPU that runs. The second's is never 0: what only happens outside of
 * exits is the first's. */
extern int cpu_depth;
/* Times that the first CPU was out of all exits while the second stood in one. */
extern unsigned cpu_nr_overtaken;

/* What goes on now does so to its end before the other CPU goes on, as if that stood still. */
extern bool cpu_is_alone;

/* From now on the second CPU does this now and then. NULL: nothing new. Context: the first. */
void cpu_second_does(void (*work)(void));
bool cpu_second_is_busy(void);
/* What it is at, it does to the end. Context: the first. */
void cpu_second_finish(void);

/* Either CPU may stand here, and the other go on. Context: without the lock. */
void cpu_turn(void);

#endif
