/*
 * process/service.h: the program that checks signatures (service/verify.h): a process at CPL 3, made for one question,
 * with an address space of its own and no system call but its end. What it does not answer, and answer well, is a no.
 */
#ifndef PROCESS_SERVICE_H
#define PROCESS_SERVICE_H

#include "service/verify.h"

struct service;
struct vcpu;

/* Makes one. `text`: whole pages of ours, which it reads where they are: they must not change, nor go, before
 * service_end(). live: the guest lives, so it runs in slices of PROCESS_SLICE_US, of memory that scripts of the boot do
 * not miss. 0, -RV_ENOMEM; -RV_ENOTSUP: there is no engine program, without which nothing runs at CPL 3. Context: boot
 * after process_init(); exit. */
int service_begin(const struct verify_request *request, const void *text, bool live, struct service **service);

/* Lets it go on. False: its slice is over, come again. Not for two CPUs at a time. Context: boot, exit; without
 * locks. */
bool service_run(struct service *service, struct vcpu *vcpu);

/* Behind its end: is it a yes? Then *serial is what was signed. If not, `why` says so, in plain words. */
bool service_is_good(const struct service *service, uint64_t *serial);
const char *service_why(const struct service *service);

/* Its memory is free again, whether it has ended or not. NULL: nothing. */
void service_end(struct service *service);

#endif
