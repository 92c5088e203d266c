/*
 * service/net_main.c: the network service: reads its configuration, and from then on takes frames, sends frames, and
 * sleeps.
 */
#include "core/log.h"
#include "core/string.h"
#include "rv/tunnel.h"
#include "service/net.h"
#include "service/resident.h"

#define FRAMES_A_TURN 32 /* at most, so that a turn has an end */
#define STATUS_MS 1000

static struct rv_ring net_rings[TUNNEL_NR_RINGS];
static struct net network;
static bool net_has_reported; /* before, nothing can be sent */
static struct tunnel_outside net_outside; /* that the hypervisor was told */
static bool net_has_news = true;	  /* that it is to be told at once */
static uint64_t net_told_bytes, net_told_ms; /* of the status that it was told last */

static struct wireguard_time net_now(const struct resident_info *info)
{
	uint64_t ticks = resident_tsc() - info->boot_tsc, rest = ticks % info->tsc_hz;

	return (struct wireguard_time){
		.ms = ticks / info->tsc_hz * 1000 + rest * 1000 / info->tsc_hz,
		.unix_seconds = (uint64_t)info->boot_unix_seconds + ticks / info->tsc_hz,
		.nanoseconds = (uint32_t)(rest * 1000000 / info->tsc_hz * 1000),
	};
}

static uint64_t net_tsc_of_ms(const struct resident_info *info, uint64_t ms)
{
	return ms == UINT64_MAX ? RESIDENT_NEVER
				: info->boot_tsc + ms / 1000 * info->tsc_hz + ms % 1000 * info->tsc_hz / 1000;
}

static void net_say_address(void)
{
	struct tunnel_outside outside;

	net_say_outside(&network, &outside);
	if (memcmp(&net_outside, &outside, sizeof(outside)) == 0)
		return;
	net_outside = outside;
	net_has_news = true;
	(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_ADDRESS, &outside, sizeof(outside));
}

/* The gate lets nothing out from an address that it has not heard of. */
static void net_put(void *context, enum tunnel_tag way, const uint8_t *frame, size_t nr_bytes)
{
	(void)context;
	if (net_has_reported && way == TUNNEL_WIRE)
		net_say_address();
	if (net_has_reported)
		(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], way, frame, (uint32_t)nr_bytes); /* full: it is lost */
}

/* Without random numbers there are no keys: it ends, and nothing leaves. */
static void net_draw(void *context, void *bytes, size_t nr_bytes)
{
	(void)context;
	if (resident_random(bytes, nr_bytes) != 0)
		__builtin_trap();
}

/* The gate lets nothing out to there before it has heard of it. */
static void net_say_roamed(uint32_t peer, const struct ip_endpoint *where)
{
	struct tunnel_roamed roamed = { .peer = peer };

	net_say_where(where, &roamed.to);
	(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_ROAMED, &roamed, sizeof(roamed));
}

static void net_tell(void *context, uint32_t peer, enum wireguard_event event, const struct ip_endpoint *where)
{
	static const char *const words[] = {
		[WIREGUARD_UP] = "answers: the tunnel is up",
		[WIREGUARD_REKEYED] = "has new keys",
		[WIREGUARD_DOWN] = "does not answer: the tunnel is down",
		[WIREGUARD_ROAMED] = "sends from elsewhere",
	};
	char text[96];
	int length = print_format(text, sizeof(text), "peer %u %s%s", peer, words[event], event != WIREGUARD_ROAMED ? "" :
				  network.roams ? ", and is sent to there" : ": it is sent to where the configuration says");

	(void)context;
	if (event == WIREGUARD_ROAMED && network.roams)
		net_say_roamed(peer, where);
	net_has_news = true;
	(void)resident_log(event == WIREGUARD_DOWN ? RV_LOG_WARNING : RV_LOG_INFO, text, (uint64_t)length);
}

static void net_say(void *context, const char *text)
{
	(void)context;
	(void)resident_log(RV_LOG_WARNING, text, strlen(text));
}

/* As of one that has roamed: the gate has to hear of it first. */
static void net_say_resolved(void *context, uint32_t peer, const struct ip_endpoint *where)
{
	struct tunnel_roamed found = { .peer = peer };
	const uint8_t *bytes = where->address.bytes;
	char text[64];

	(void)context;
	net_say_where(where, &found.to);
	(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_RESOLVED, &found, sizeof(found));
	net_has_news = true;
	(void)resident_log(RV_LOG_INFO, text, (uint64_t)print_format(text, sizeof(text), "peer %u: its name is %u.%u.%u.%u", peer, bytes[0],
								     bytes[1], bytes[2], bytes[3]));
}

static void net_want_log(void *context)
{
	(void)context;
	(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_LOG, "", 0);
}

static const struct net_host net_host = { NULL, net_put, net_draw, net_tell, net_say_resolved, net_want_log, net_say };

/* Returns when it is to be called again at the latest, in ms. */
static uint64_t net_say_status(struct wireguard_time now)
{
	struct tunnel_status status;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < network.wireguard.nr_peers; i++)
		bytes += network.wireguard.peers[i].sent_bytes + network.wireguard.peers[i].received_bytes;
	if (!net_has_news && bytes == net_told_bytes)
		return UINT64_MAX;
	if (!net_has_news && now.ms < net_told_ms + STATUS_MS)
		return net_told_ms + STATUS_MS;
	net_describe(&network, &status);
	net_told_ms = now.ms;
	if (rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_STATUS, &status, sizeof(status)) != 0)
		return now.ms; /* it is full: when there is room */
	net_has_news = false;
	net_told_bytes = bytes;
	return UINT64_MAX;
}

/* The first record, which is there before this runs. */
static bool net_start(const struct resident_info *info)
{
	static struct wireguard_config config;
	struct tunnel_report report;
	struct tunnel_begin begin;
	uint32_t tag = 0;
	bool good;

	if (rv_ring_read(&net_rings[TUNNEL_TO_SERVICE], &tag, &begin, sizeof(begin)) != sizeof(begin) || tag != TUNNEL_BEGIN ||
	    begin.config_bytes > info->text_bytes)
		__builtin_trap();
	good = net_configure((const char *)RESIDENT_TEXT_ADDRESS, begin.config_bytes, &config, &report) &&
	       net_begin(&network, &config, &begin, &net_host, net_now(info), &report);
	memory_wipe(&config, sizeof(config));
	(void)rv_ring_write(&net_rings[TUNNEL_FROM_SERVICE], TUNNEL_REPORT, &report, sizeof(report));
	net_has_reported = true;
	return good;
}

static void net_take_rekey(const uint8_t *record, int64_t nr_bytes)
{
	uint32_t peer;

	if (nr_bytes != sizeof(peer))
		return;
	memcpy(&peer, record, sizeof(peer));
	net_rekey(&network, peer);
}

/* All that there is, or a turn's worth. */
static void net_take_frames(void)
{
	static uint8_t frame[NET_FRAME_BYTES];

	for (unsigned i = 0; i < FRAMES_A_TURN; i++) {
		uint32_t tag = 0;
		int64_t nr_bytes = rv_ring_read(&net_rings[TUNNEL_TO_SERVICE], &tag, frame, sizeof(frame));

		if (nr_bytes == -RV_EAGAIN)
			return;
		if (tag == TUNNEL_LINK)
			net_link(&network);
		else if (tag == TUNNEL_REKEY)
			net_take_rekey(frame, nr_bytes);
		else if (tag == TUNNEL_LOG && nr_bytes >= 0)
			net_syslog_take(&network, frame, (size_t)nr_bytes);
		else if (nr_bytes >= 0)
			net_receive(&network, (enum tunnel_tag)tag, frame, (size_t)nr_bytes);
		net_say_address();
	}
}

int service_main(const struct resident_info *info)
{
	bool good;

	for (unsigned i = 0; i < TUNNEL_NR_RINGS; i++)
		resident_open_ring(info, i, &net_rings[i]);
	good = net_start(info);
	while (!good)
		resident_wait(RESIDENT_NEVER);
	for (;;) {
		struct wireguard_time now;
		uint64_t next, status;

		(void)net_advance(&network, net_now(info)); /* it may have slept: what came is of now */
		net_take_frames();
		now = net_now(info);
		next = net_advance(&network, now);
		net_say_address();
		status = net_say_status(now);
		if (status < next)
			next = status;
		resident_wait(rv_ring_has_records(&net_rings[TUNNEL_TO_SERVICE]) ? 0 : net_tsc_of_ms(info, next));
	}
}
