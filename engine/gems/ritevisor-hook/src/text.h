/*
 * text.h: texts that the script gives or gets in an event.
 */
#ifndef TEXT_H
#define TEXT_H

#include "engine/engine.h"

void text_init(mrb_state *mrb, struct RClass *hook);

#endif
