/*
 * tests/fuzz/engine.h: an engine in this process for fuzzers: bounded in memory and in instructions,
 * and gone without a trace afterwards, however the script ended.
 */
#ifndef TESTS_FUZZ_ENGINE_H
#define TESTS_FUZZ_ENGINE_H

#include <mruby.h>

#include "engine/engine.h"

/* A fresh mruby with all gems; NULL: it does not fit. */
mrb_state *fuzz_engine_open(void);

/* Calls body(mrb, context) and cuts it short when it has executed too much, or ends the engine.
 * False: it was, and mrb must not be used any more. Events are made of `seed`. */
bool fuzz_engine_run(mrb_state *mrb, void (*body)(mrb_state *mrb, void *context), void *context,
		     uint64_t seed);

/* Frees all that the engine has allocated. */
void fuzz_engine_close(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes);

#endif
