/*
 * mediator/request.c: a request on its way through the hooks.
 */
#include "mediator/request.h"

#include "core/instructions.h"
#include "hook/hook.h"

static uint64_t request_last; /* the newest number */

void request_begin(struct request *request, uint32_t kind)
{
	*request = (struct request){
		.kind = kind,
		.handle = __atomic_add_fetch(&request_last, 1, __ATOMIC_RELAXED),
		.start_tsc = tsc_read(),
	};
}

void request_offer(struct request *request, struct vcpu *vcpu)
{
	struct event_origin origin = { .vcpu = vcpu, .request = request };
	uint64_t after = 0;

	request->verdict = RV_VERDICT_PASS;
	(void)hook_offer(request->kind, &origin, &after);
}
