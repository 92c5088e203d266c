/*
 * data.h: work in bulk on the data of the open request.
 */
#ifndef RITEVISOR_DISK_DATA_H
#define RITEVISOR_DISK_DATA_H

#include "engine/engine.h"

/* Each of so many bytes with those of the key, which begins anew at its end. Raises AccessError, ArgumentError. */
void data_xor(mrb_state *mrb, uint64_t offset, uint64_t bytes, const char *key, mrb_int length);

/* Defines class Bytes, and Event::Request#data. */
void bytes_init(mrb_state *mrb, struct RClass *request);

#endif
