/*
 * service/check.h: is a signature good? Pure.
 */
#ifndef SERVICE_CHECK_H
#define SERVICE_CHECK_H

#include "service/verify.h"

/* Answers a request whose script stands at `text`. All of `answer` is written. */
void check_answer(const struct verify_request *request, const uint8_t *text, struct verify_answer *answer);

#endif
