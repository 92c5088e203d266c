/*
 * mediator/net/source_vpn.c: peers of the tunnel's that answer, or do not any more, as events: requests without data, on
 * which nothing hangs. Nothing is intercepted for them: tunnel_changed() offers them.
 */
#include "hook/hook_internal.h"
#include "mediator/request.h"

static int source_vpn_attach(struct hook *hook)
{
	hook_list_request(hook);
	return 0;
}

static void source_vpn_detach(struct hook *hook)
{
	hook_unlist_request(hook);
}

static void source_vpn_fill(struct rv_event *event, const struct event_origin *origin)
{
	event->vpn_peer = origin->request != NULL ? origin->request->vpn_peer : 0;
}

/* An error of the script's changes nothing. */
static enum access_result source_vpn_apply(struct event_origin *origin, enum rv_verdict verdict,
					   const struct rv_event *event)
{
	(void)origin;
	(void)verdict;
	(void)event;
	return ACCESS_PASS;
}

static void source_vpn_pose(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->kind = origin->request->asked = event->kind;
	origin->request->vpn_peer = event->vpn_peer;
}

#define SOURCE_VPN(name, constant)                                                                 \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_vpn_attach,                                                       \
		.detach = source_vpn_detach,                                                       \
		.fill = source_vpn_fill,                                                           \
		.apply = source_vpn_apply,                                                         \
		.pose = source_vpn_pose,                                                           \
	}

SOURCE_VPN(vpn_up, RV_EVENT_VPN_UP);
SOURCE_VPN(vpn_down, RV_EVENT_VPN_DOWN);
