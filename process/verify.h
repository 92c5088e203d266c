/*
 * process/verify.h: the program that checks signatures (service/verify.h). What it does not answer, and answer well,
 * is a no.
 */
#ifndef PROCESS_VERIFY_H
#define PROCESS_VERIFY_H

#include "process/service.h"
#include "service/verify.h"

/* Begins a check; service_run() runs it, service_end() ends it. `text`: whole pages of ours. Errors and what holds for
 * the text: service_begin()'s. */
int verify_begin(const struct verify_request *request, const void *text, bool live, struct service **service);

/* Behind its end: is it a yes? Then *serial is what was signed. If not, verify_why() says so, in plain words. */
bool verify_is_good(const struct service *service, uint64_t *serial);
const char *verify_why(const struct service *service);

#endif
