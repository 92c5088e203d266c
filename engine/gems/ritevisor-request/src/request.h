/*
 * request.h: what the files of this gem share.
 */
#ifndef RITEVISOR_REQUEST_REQUEST_H
#define RITEVISOR_REQUEST_REQUEST_H

#include "engine/engine.h"

/* Each of so many bytes with those of the key, which begins anew at its end. Raises AccessError, ArgumentError. */
void data_xor(mrb_state *mrb, uint64_t offset, uint64_t bytes, const char *key, mrb_int length);

/* Defines what Event::Request has for that. */
void data_init(mrb_state *mrb, struct RClass *request);

/* Defines class Bytes, and Event::Request#data. */
void bytes_init(mrb_state *mrb, struct RClass *request);

#endif
