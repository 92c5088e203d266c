/*
 * mediator/disk/redirect.h: requests that a hook sends elsewhere: to an overlay, or to another disk. All hooks are
 * asked first, about the request as it was.
 */
#ifndef MEDIATOR_DISK_REDIRECT_H
#define MEDIATOR_DISK_REDIRECT_H

#include "mediator/request.h"

/* From here on request->redirect does it, with request->target (RV_TARGET_*) and ->redirector. */
void redirect_set(struct request *request, uint32_t target, const struct hook_owner *redirector);

#endif
