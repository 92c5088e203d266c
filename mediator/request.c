/*
 * mediator/request.c: a request on its way through the hooks.
 */
#include "mediator/request.h"

#include "core/instructions.h"

bool (*request_forbids)(const struct request *request);

static uint64_t request_last; /* the newest number */

void request_begin(struct request *request, uint32_t kind)
{
	*request = (struct request){
		.kind = kind,
		.asked = kind,
		.handle = __atomic_add_fetch(&request_last, 1, __ATOMIC_RELAXED),
		.start_tsc = tsc_read(),
	};
}

/* The hooks that were not asked yet. Once it waits, it may be anybody's. */
static bool request_ask(struct request *request, struct vcpu *vcpu)
{
	struct event_origin origin = { .vcpu = vcpu, .request = request };

	(void)hook_offer(request->kind, &origin, &request->after);
	return !origin.is_held;
}

static void request_trace(struct request *request, enum trace_phase phase, struct vcpu *vcpu)
{
	struct event_origin origin = { .vcpu = vcpu, .request = request };

	if (trace_wants(request->asked))
		trace_request(request->asked, request->kind, &origin, phase, request->verdict);
}

/* It goes to the device now, or never. */
static void request_trace_settled(struct request *request, struct vcpu *vcpu)
{
	if (request->kind == request->asked)
		request_trace(request, request->verdict == RV_VERDICT_PASS ? TRACE_GIVEN : TRACE_COMPLETED, vcpu);
}

/* All hooks have been asked: what was sent elsewhere goes there, unless one of them had the last word on it. */
static void request_settle(struct request *request, struct vcpu *vcpu)
{
	if (request->redirect != NULL && request->kind == request->asked) {
		if (request->verdict == RV_VERDICT_PASS)
			request->redirect(request, vcpu);
		else
			request->redirect = NULL;
	}
	if (request_forbids != NULL && request->verdict == RV_VERDICT_PASS && request_forbids(request))
		request->verdict = RV_VERDICT_DENY;
	if (request->cipher != NULL && request->kind == request->asked) {
		if (request->verdict == RV_VERDICT_PASS)
			request->cipher(request);
		if (request->verdict != RV_VERDICT_PASS)
			request->cipher = NULL;
	}
	request_trace_settled(request, vcpu);
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	request->verdict = RV_VERDICT_PASS;
	request->refusal = 0;
	request->after = 0;
	if (request->kind != request->asked && request->cipher != NULL)
		request->cipher(request);
	request_trace(request, request->kind == request->asked ? TRACE_SUBMITTED : TRACE_COMPLETED, vcpu);
	if (request->kind != request->asked && request->redirect != NULL && request->verdict == RV_VERDICT_PASS)
		request->redirect(request, vcpu);
	if (request->verdict == RV_VERDICT_PASS && !request_ask(request, vcpu))
		return false;
	request_settle(request, vcpu);
	return true;
}

static void request_decided(struct hook_hold *hold, enum rv_verdict verdict, struct vcpu *vcpu)
{
	struct request *request = CONTAINER_OF(hold, struct request, hold);

	request->verdict = verdict;
	request->refusal = hold->refusal;
	if (verdict == RV_VERDICT_PASS && !request_ask(request, vcpu))
		return;
	request_settle(request, vcpu);
	request->resume(request, vcpu);
}

static int request_answer(struct hook_hold *hold, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct request *request = CONTAINER_OF(hold, struct request, hold);

	request->is_answered = true;
	return request->data(request, offset, bytes, length_bytes, true);
}

void request_hold(struct request *request, const struct hook *hook, uint64_t us, bool delays)
{
	static const struct hook_hold_operations operations = { .decided = request_decided, .answer = request_answer };
	bool gives = request->kind == request->asked && request->data != NULL;

	hook_hold_begin(&request->hold, hook, request->handle, us, delays, &operations,
			gives ? request->answer_bytes : 0);
}

bool request_cancel(struct request *request)
{
	return hook_hold_cancel(&request->hold);
}
