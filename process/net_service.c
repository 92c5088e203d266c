/*
 * process/net_service.c: see the header.
 */
#include "process/net_service.h"

#include "process/resident.h"

#define NET_STACK_BYTES KIB(16)
#define NET_TURN_US 1000000 /* thirty frames, or a handshake; in an emulator too */
#define NET_RING_BYTES KIB(128)

/* service_image.S */
extern const uint8_t service_network[], service_network_end[];

static struct resident *net_resident;
static struct tunnel_begin net_begin;
static const struct net_service_listener *net_listener;

static void net_service_starts(struct resident *resident, void *context, struct vcpu *vcpu)
{
	(void)context;
	(void)vcpu;
	net_listener->begins();
	(void)resident_write(resident, TUNNEL_TO_SERVICE, TUNNEL_BEGIN, &net_begin, sizeof(net_begin));
}

static void net_service_ran(struct resident *resident, void *context, struct vcpu *vcpu)
{
	static uint8_t record[NET_FRAME_BYTES]; /* one CPU at a time is here */
	int64_t nr_bytes;
	uint32_t tag;

	(void)context;
	(void)vcpu;
	while ((nr_bytes = resident_read(resident, TUNNEL_FROM_SERVICE, &tag, record, sizeof(record))) != -RV_EAGAIN) {
		if (nr_bytes >= 0)
			net_listener->said(tag, record, (uint32_t)nr_bytes);
	}
}

static const struct resident_program net_program = {
	.name = "network",
	.image = service_network,
	.image_end = service_network_end,
	.stack_bytes = NET_STACK_BYTES,
	.turn_us = NET_TURN_US,
	.secret = true,
	.nr_rings = TUNNEL_NR_RINGS,
	.rings = {
		[TUNNEL_TO_SERVICE] = { .size_bytes = NET_RING_BYTES, .to_service = true },
		[TUNNEL_FROM_SERVICE] = { .size_bytes = NET_RING_BYTES },
	},
	.starts = net_service_starts,
	.ran = net_service_ran,
};

int net_service_start(hpa_t config, uint64_t config_bytes, const struct tunnel_begin *begin,
		      const struct net_service_listener *listener)
{
	net_begin = *begin;
	net_listener = listener;
	return resident_create(&net_program, NULL, config, config_bytes, &net_resident);
}

void net_service_give(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes)
{
	if (net_resident != NULL)
		(void)resident_write(net_resident, TUNNEL_TO_SERVICE, tag, bytes, nr_bytes);
}
