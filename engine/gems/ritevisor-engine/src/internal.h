/*
 * internal.h: what the files of this gem share among themselves.
 */
#ifndef RITEVISOR_ENGINE_INTERNAL_H
#define RITEVISOR_ENGINE_INTERNAL_H

#include "engine/engine.h"

void loader_init(mrb_state *mrb);
void exit_init(mrb_state *mrb);
void memory_init(mrb_state *mrb);
void keys_init(mrb_state *mrb);
void powers_init(mrb_state *mrb);
void policy_init(mrb_state *mrb);
void parts_init(mrb_state *mrb);
/* What NoMemoryError says. */
const char *memory_quota_text(void);

#endif
