/*
 * format.h: sprintf for integers of any size.
 */
#ifndef RITEVISOR_LOG_FORMAT_H
#define RITEVISOR_LOG_FORMAT_H

#include <mruby.h>
#include <stdbool.h>

/* Redefines Kernel#sprintf and #format. */
void format_init(mrb_state *mrb);

#endif
