/*
 * process/net_service.c: see the header. net_status_lock guards what the service says of itself, and is innermost.
 */
#include "process/net_service.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"
#include "process/resident.h"
#include "rv/errno.h"
#include "vmm/deadline.h"

#define NET_STACK_BYTES KIB(16)
#define NET_TURN_US 1000000 /* thirty frames, or a handshake; in an emulator too */
#define NET_RING_BYTES KIB(128)

/* service_image.S */
extern const uint8_t service_network[], service_network_end[];

static struct resident *net_resident;
static struct tunnel_begin net_begin;
static const struct net_service_listener *net_listener;
static struct spinlock net_status_lock;
static struct tunnel_status net_status;
static uint64_t net_status_tsc; /* when it said so */
static uint64_t net_log_position; /* of what it has had of the log */

/* One CPU at a time is here. */
static void net_service_set_status(const struct tunnel_status *status, struct vcpu *vcpu)
{
	struct tunnel_status before = net_status;

	spinlock_acquire(&net_status_lock);
	net_status = *status;
	net_status_tsc = tsc_read();
	spinlock_release(&net_status_lock);
	net_listener->changed(&before, status, vcpu);
}

/* Its number of peers is one that there can be: all else is only shown. */
static void net_service_take_status(const uint8_t *bytes, uint32_t nr_bytes, struct vcpu *vcpu)
{
	struct tunnel_status status;

	if (nr_bytes != sizeof(status))
		return;
	memcpy(&status, bytes, sizeof(status));
	if (status.nr_peers > TUNNEL_PEERS_MAXIMUM)
		return;
	status.runs = 1;
	for (uint32_t i = 0; i < TUNNEL_PEERS_MAXIMUM; i++)
		status.peers[i].is_up = status.peers[i].is_up != 0;
	net_service_set_status(&status, vcpu);
}

static void net_service_died(struct resident *resident, void *context, struct vcpu *vcpu)
{
	struct tunnel_status status = net_status;

	(void)resident;
	(void)context;
	status.runs = 0;
	for (uint32_t i = 0; i < status.nr_peers; i++)
		status.peers[i].is_up = 0;
	net_service_set_status(&status, vcpu);
}

static void net_service_starts(struct resident *resident, void *context, struct vcpu *vcpu)
{
	(void)context;
	(void)vcpu;
	net_listener->begins();
	(void)resident_write(resident, TUNNEL_TO_SERVICE, TUNNEL_BEGIN, &net_begin, sizeof(net_begin));
}

/* More of the log, with a line about what it has lost by now. Where that is nobody's business it has none. */
static void net_service_give_log(struct resident *resident)
{
	static char text[TUNNEL_LOG_BYTES]; /* one CPU at a time is here */
	uint64_t position = net_log_position, lost;
	size_t nr_bytes = net_begin.syslog[0] != '\0' ? log_read(&position, text, sizeof(text), &lost) : 0;

	if (nr_bytes == 0)
		return;
	if (lost != 0) {
		nr_bytes = (size_t)print_format(text, sizeof(text), "\nritevisor: warning: %lu bytes of the log are lost\n", lost);
		position = net_log_position + lost;
	}
	if (resident_write(resident, TUNNEL_TO_SERVICE, TUNNEL_LOG, text, (uint32_t)nr_bytes) == 0)
		net_log_position = position;
}

static void net_service_ran(struct resident *resident, void *context, struct vcpu *vcpu)
{
	static uint8_t record[NET_FRAME_BYTES]; /* one CPU at a time is here */
	int64_t nr_bytes;
	uint32_t tag;

	(void)context;
	while ((nr_bytes = resident_read(resident, TUNNEL_FROM_SERVICE, &tag, record, sizeof(record))) != -RV_EAGAIN) {
		if (nr_bytes >= 0 && tag == TUNNEL_STATUS)
			net_service_take_status(record, (uint32_t)nr_bytes, vcpu);
		else if (nr_bytes >= 0 && tag == TUNNEL_LOG)
			net_service_give_log(resident);
		else if (nr_bytes >= 0)
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
	.died = net_service_died,
};

int net_service_start(hpa_t config, uint64_t config_bytes, const struct tunnel_begin *begin,
		      const struct net_service_listener *listener)
{
	net_begin = *begin;
	net_listener = listener;
	return resident_create(&net_program, NULL, config, config_bytes, &net_resident);
}

int net_service_give(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes)
{
	return net_resident != NULL ? resident_write(net_resident, TUNNEL_TO_SERVICE, tag, bytes, nr_bytes) : -RV_EAGAIN;
}

bool net_service_describe(struct tunnel_status *status)
{
	uint64_t tsc;

	if (net_resident == NULL)
		return false;
	spinlock_acquire(&net_status_lock);
	*status = net_status;
	tsc = net_status_tsc;
	spinlock_release(&net_status_lock);
	for (uint32_t i = 0; i < status->nr_peers; i++) {
		if (status->peers[i].handshake_age_ms != TUNNEL_NO_HANDSHAKE)
			status->peers[i].handshake_age_ms += (tsc_read() - tsc) / (time_tsc_hz / 1000);
	}
	return true;
}

int net_service_rekey(uint32_t peer, struct vcpu *vcpu)
{
	struct tunnel_status status;
	int error;

	if (!net_service_describe(&status) || (peer != TUNNEL_ALL_PEERS && peer >= status.nr_peers))
		return -RV_ENOENT;
	error = resident_write(net_resident, TUNNEL_TO_SERVICE, TUNNEL_REKEY, &peer, sizeof(peer));
	deadline_look(vcpu);
	return error;
}
