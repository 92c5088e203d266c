/*
 * mediator/net/tunnel.c: see the header. The gate's state is tunnel_said()'s, which runs on one CPU at a time; what other
 * CPUs look at are flags that are set once. tunnel_senders_lock, innermost, guards who has sent lately.
 */
#include "mediator/net/tunnel.h"

#include "core/log.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook.h"
#include "mediator/net/egress.h"
#include "mediator/net/heard.h"
#include "mediator/net/nic.h"
#include "mediator/net/nic_class.h"
#include "mediator/net/other_way.h"
#include "mediator/net/packet.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "rv/kinds.h"

_Static_assert(2 * TUNNEL_PEERS_MAXIMUM == EGRESS_PEERS_MAXIMUM && NET_FRAME_BYTES == EGRESS_FRAME_BYTES &&
		       TUNNEL_PEERS_MAXIMUM == EGRESS_NAMES_MAXIMUM && TUNNEL_NAME_BYTES == EGRESS_NAME_BYTES, "egress.h");

static tunnel_give tunnel_giver; /* NULL: nobody wants it */
static struct nic *tunnel_nic;
static struct egress tunnel_gate;
static char tunnel_why[TUNNEL_TEXT_BYTES];
static bool tunnel_is_reported, tunnel_is_open; /* the latter: with a good configuration */
static uint32_t tunnel_nr_peers; /* of the configuration: the gate's first; behind them, where they have roamed to */
static uint16_t tunnel_ports[TUNNEL_PEERS_MAXIMUM]; /* of those peers */
static bool tunnel_has_names;			    /* some peer has one */
static bool tunnel_is_told;			/* that the gate has refused something */
static struct spinlock tunnel_script_lock; /* innermost, guards the next */
static uint64_t tunnel_script_tsc;	   /* when a script's next frame would go if none went ahead */

/* Of datagrams of WireGuard's to the tunnel's port: the last of different senders. Where peers may roam only. */
#define TUNNEL_SENDERS 16
static bool tunnel_roams;
static struct spinlock tunnel_senders_lock;
static struct tunnel_peer tunnel_senders[TUNNEL_SENDERS]; /* port 0: none */
static unsigned tunnel_next_sender;

void tunnel_announce(tunnel_give give)
{
	tunnel_giver = give;
}

void tunnel_allow_roaming(void)
{
	tunnel_roams = true;
}

bool tunnel_is_wanted(void)
{
	return tunnel_giver != NULL;
}

const char *tunnel_claim(uint8_t mac[NET_MAC_BYTES])
{
	const char *other_way = other_way_find();
	struct rv_nic_info info;

	tunnel_nic = nic_at(0);
	if (tunnel_nic == NULL)
		return "there is no network card";
	if (nic_at(1) != NULL)
		return "there is another network card, by which packets could leave";
	if (other_way != NULL)
		return other_way;
	if (tunnel_nic->class == NULL)
		return "the network card is none that packets can be kept from: virtio-net is, and Intel's 82540EM and 82574L";
	if (nic_watch() != 0)
		return "the network card is out of our reach, or there is no memory to keep packets from it";
	if (!nic_describe(0, &info) || info.mac == 0)
		return "the network card does not say its address";
	for (unsigned i = 0; i < NET_MAC_BYTES; i++)
		mac[i] = tunnel_gate.mac[i] = (uint8_t)(info.mac >> (40 - 8 * i));
	return NULL;
}

void tunnel_service_begins(void)
{
	tunnel_gate.nr_addresses = 0;
	memset(tunnel_gate.name_server, 0, sizeof(tunnel_gate.name_server));
	heard_forget();
	if (!tunnel_is_reported) /* else it begins with the configuration, and so does the gate */
		return;
	tunnel_gate.nr_peers = tunnel_nr_peers;
	for (uint32_t i = 0; i < tunnel_nr_peers; i++) {
		if (tunnel_gate.names[i][0] != 0)
			tunnel_gate.peers[i] = (struct egress_endpoint){ 0 };
	}
}

static void tunnel_open_to(const struct tunnel_peer *peer, struct egress_endpoint *to)
{
	to->address.is_v6 = peer->family == 6;
	memcpy(to->address.bytes, peer->address, sizeof(to->address.bytes));
	to->port = peer->port;
}

/* Only the first counts: it was written before any frame came. */
static void tunnel_read_report(const uint8_t *bytes, uint32_t nr_bytes)
{
	struct tunnel_report report;

	if (tunnel_is_reported || nr_bytes != sizeof(report))
		return;
	memcpy(&report, bytes, sizeof(report));
	report.text[sizeof(report.text) - 1] = '\0';
	for (char *c = report.text; *c != '\0'; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	memcpy(tunnel_why, report.text, sizeof(tunnel_why));
	tunnel_gate.port = report.port;
	for (uint32_t i = 0; i < report.nr_peers && i < TUNNEL_PEERS_MAXIMUM; i++) {
		uint8_t *name = tunnel_gate.names[i];

		memcpy(name, report.names[i], TUNNEL_NAME_BYTES - 1);
		tunnel_ports[i] = report.peers[i].port;
		tunnel_has_names |= name[0] != 0;
		if (name[0] == 0)
			tunnel_open_to(&report.peers[i], &tunnel_gate.peers[i]);
		tunnel_gate.nr_peers++;
	}
	tunnel_nr_peers = tunnel_gate.nr_peers;
	__atomic_store_n(&tunnel_is_open, tunnel_why[0] == '\0', __ATOMIC_RELEASE);
	tunnel_is_reported = true;
}

bool tunnel_has_report(const char **why)
{
	*why = tunnel_why;
	return tunnel_is_reported;
}

/* One that a single machine can have. */
static bool tunnel_is_machine(const uint8_t address[NET_V4_BYTES])
{
	return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

static bool tunnel_is_machine6(const uint8_t address[NET_V6_BYTES])
{
	static const uint8_t zeros[8]; /* itself, nobody, IPv4's */

	return address[0] != 0xff && (address[0] != 0xfe || address[1] < 0x80 || address[1] >= 0xc0) &&
	       memcmp(address, zeros, sizeof(zeros)) != 0;
}

static void tunnel_say_address6(const uint8_t *bytes)
{
	char text[5 * NET_V6_BYTES / 2];
	size_t length = 0;

	for (unsigned i = 0; i < NET_V6_BYTES; i += 2)
		length += (size_t)print_format(text + length, sizeof(text) - length, i != 0 ? ":%x" : "%x", bytes[i] << 8 | bytes[i + 1]);
	log_info("vpn: the address outside is %s", text);
}

static void tunnel_read_address(const uint8_t *bytes, uint32_t nr_bytes)
{
	struct egress_address *to = tunnel_gate.addresses;
	struct tunnel_outside outside;

	if (nr_bytes != sizeof(outside))
		return;
	memcpy(&outside, bytes, sizeof(outside));
	if (tunnel_is_machine(outside.v4)) {
		*to = (struct egress_address){ 0 };
		memcpy(to++->bytes, outside.v4, NET_V4_BYTES);
		log_info("vpn: the address outside is %u.%u.%u.%u", outside.v4[0], outside.v4[1], outside.v4[2], outside.v4[3]);
	}
	if (tunnel_is_machine6(outside.v6)) {
		to->is_v6 = true;
		memcpy(to++->bytes, outside.v6, NET_V6_BYTES);
		tunnel_say_address6(outside.v6);
	}
	tunnel_gate.nr_addresses = (uint32_t)(to - tunnel_gate.addresses);
	memset(tunnel_gate.name_server, 0, sizeof(tunnel_gate.name_server));
	if (tunnel_has_names && tunnel_is_machine(outside.name_server) && heard_name_server(outside.name_server))
		memcpy(tunnel_gate.name_server, outside.name_server, NET_V4_BYTES);
	if (tunnel_gate.nr_addresses == 0)
		log_info("vpn: there is no address outside");
}

static bool tunnel_is_sender(const struct tunnel_peer *from)
{
	for (unsigned i = 0; i < TUNNEL_SENDERS; i++) {
		if (memcmp(&tunnel_senders[i], from, sizeof(*from)) == 0)
			return true;
	}
	return false;
}

/* A frame from the wire, each byte of which may be a lie: a service that is taken over sends to whoever sends here, so
 * that this makes it harder, and no more (docs/vpn.md). */
static void tunnel_note_sender(const uint8_t *frame, uint64_t frame_bytes)
{
	static const uint8_t reserved[3];
	bool is_v6 = frame[12] == 0x86 && frame[13] == 0xdd;
	const uint8_t *ip = frame + 14, *udp = ip + (is_v6 ? 40 : 20), *message = udp + 8;
	struct tunnel_peer from = { .family = is_v6 ? 6 : 4 };

	if (frame_bytes < (is_v6 ? 14 + 40 + 8 + 32 : 14 + 20 + 8 + 32))
		return;
	if (is_v6 ? ip[6] != 17 : frame[12] != 8 || frame[13] != 0 || ip[0] != 0x45 || ip[9] != 17 || (ip[6] & 0x3f) != 0 || ip[7] != 0)
		return;
	if ((udp[2] << 8 | udp[3]) != tunnel_gate.port || message[0] < 1 || message[0] > 4 ||
	    memcmp(message + 1, reserved, sizeof(reserved)) != 0)
		return;
	if (is_v6)
		memcpy(from.address, ip + 8, NET_V6_BYTES);
	else
		memcpy(from.address, ip + 12, NET_V4_BYTES);
	from.port = (uint16_t)(udp[0] << 8 | udp[1]);
	spinlock_acquire(&tunnel_senders_lock);
	if (from.port != 0 && !tunnel_is_sender(&from)) {
		tunnel_senders[tunnel_next_sender] = from;
		tunnel_next_sender = (tunnel_next_sender + 1) % TUNNEL_SENDERS;
	}
	spinlock_release(&tunnel_senders_lock);
}

/* One place a peer, beside the configuration's. */
static void tunnel_read_roamed(const uint8_t *bytes, uint32_t nr_bytes)
{
	struct tunnel_roamed roamed;
	bool is_sender;

	if (!tunnel_roams || nr_bytes != sizeof(roamed))
		return;
	memcpy(&roamed, bytes, sizeof(roamed));
	spinlock_acquire(&tunnel_senders_lock);
	is_sender = roamed.to.port != 0 && tunnel_is_sender(&roamed.to);
	spinlock_release(&tunnel_senders_lock);
	if (roamed.peer >= tunnel_nr_peers || !is_sender ||
	    !(roamed.to.family == 6 ? tunnel_is_machine6(roamed.to.address) : tunnel_is_machine(roamed.to.address)))
		return;
	/* Those that have not roamed have the configuration's place twice. */
	if (tunnel_gate.nr_peers == tunnel_nr_peers) {
		memcpy(tunnel_gate.peers + tunnel_nr_peers, tunnel_gate.peers, tunnel_nr_peers * sizeof(tunnel_gate.peers[0]));
		tunnel_gate.nr_peers = 2 * tunnel_nr_peers;
	}
	tunnel_open_to(&roamed.to, &tunnel_gate.peers[tunnel_nr_peers + roamed.peer]);
}

/* The port is the configuration's. */
static void tunnel_read_resolved(const uint8_t *bytes, uint32_t nr_bytes)
{
	struct tunnel_roamed found;

	if (nr_bytes != sizeof(found))
		return;
	memcpy(&found, bytes, sizeof(found));
	if (found.peer >= tunnel_nr_peers || tunnel_gate.names[found.peer][0] == 0 || found.to.family != 4 ||
	    !tunnel_is_machine(found.to.address) || !heard_address(found.to.address))
		return;
	found.to.port = tunnel_ports[found.peer];
	tunnel_open_to(&found.to, &tunnel_gate.peers[found.peer]);
}

static void tunnel_send(const uint8_t *bytes, uint32_t nr_bytes)
{
	const char *why = tunnel_is_open ? egress_refuse(&tunnel_gate, bytes, nr_bytes) : "there is no configuration";

	if (why == NULL) {
		(void)nic_send(tunnel_nic, bytes, nr_bytes, false);
		return;
	}
	/* Once, for it can go on and on. */
	if (!tunnel_is_told)
		log_warning("vpn: a frame of the network service's is kept from the wire: %s", why);
	tunnel_is_told = true;
}

void tunnel_said(uint32_t tag, const uint8_t *bytes, uint32_t nr_bytes)
{
	switch (tag) {
	case TUNNEL_REPORT:
		tunnel_read_report(bytes, nr_bytes);
		break;
	case TUNNEL_ADDRESS:
		tunnel_read_address(bytes, nr_bytes);
		break;
	case TUNNEL_ROAMED:
		tunnel_read_roamed(bytes, nr_bytes);
		break;
	case TUNNEL_RESOLVED:
		tunnel_read_resolved(bytes, nr_bytes);
		break;
	case TUNNEL_GUEST:
		(void)nic_send(tunnel_nic, bytes, nr_bytes, true);
		break;
	case TUNNEL_WIRE:
		tunnel_send(bytes, nr_bytes);
		break;
	default:
		break;
	}
}

static void tunnel_tell(uint32_t kind, uint32_t peer, struct vcpu *vcpu)
{
	struct request request;

	if (!hook_wants_requests(kind))
		return;
	request_begin(&request, kind);
	request.vpn_peer = peer;
	(void)request_offer(&request, vcpu);
}

void tunnel_changed(const struct tunnel_status *before, const struct tunnel_status *now, struct vcpu *vcpu)
{
	for (uint32_t i = 0; i < now->nr_peers; i++) {
		if (before->peers[i].is_up != now->peers[i].is_up)
			tunnel_tell(now->peers[i].is_up ? RV_EVENT_VPN_UP : RV_EVENT_VPN_DOWN, i, vcpu);
	}
}

void tunnel_link(void)
{
	(void)tunnel_giver(TUNNEL_LINK, NULL, 0);
}

static bool tunnel_takes(uint64_t frame_bytes)
{
	return frame_bytes >= PACKET_BYTES_MINIMUM && frame_bytes <= NET_FRAME_BYTES &&
	       __atomic_load_n(&tunnel_is_open, __ATOMIC_ACQUIRE);
}

void tunnel_take_frame(enum tunnel_tag way, const uint8_t *frame, uint64_t frame_bytes)
{
	if (tunnel_takes(frame_bytes))
		(void)tunnel_giver(way, frame, (uint32_t)frame_bytes);
}

/* May a script's frame go? One each TUNNEL_SCRIPT_MS may, and so many ahead of that as go at once. */
static bool tunnel_is_script_turn(uint64_t tsc)
{
	uint64_t each = time_tsc_hz / 1000 * TUNNEL_SCRIPT_MS;
	bool is_turn;

	spinlock_acquire(&tunnel_script_lock);
	if (tunnel_script_tsc < tsc)
		tunnel_script_tsc = tsc;
	is_turn = tunnel_script_tsc - tsc <= (TUNNEL_SCRIPT_FRAMES - 1) * each;
	if (is_turn)
		tunnel_script_tsc += each;
	spinlock_release(&tunnel_script_lock);
	return is_turn;
}

int tunnel_take_script(const struct nic *nic, const struct bounce *bounce, uint64_t tsc)
{
	uint8_t frame[NET_FRAME_BYTES];

	if (nic != tunnel_nic)
		return -RV_ENOENT;
	if (bounce->length_bytes < PACKET_BYTES_MINIMUM || bounce->length_bytes > sizeof(frame))
		return -RV_ERANGE;
	if (!tunnel_takes(bounce->length_bytes))
		return -RV_EAGAIN;
	if (!tunnel_is_script_turn(tsc))
		return -RV_EBUSY;
	bounce_copy((struct bounce *)(uintptr_t)bounce, 0, frame, bounce->length_bytes, false);
	return tunnel_giver(TUNNEL_SCRIPT, frame, (uint32_t)bounce->length_bytes);
}

void tunnel_take(enum tunnel_tag way, const struct bounce *bounce, uint64_t before_bytes)
{
	uint64_t frame_bytes = bounce->length_bytes - before_bytes;
	uint8_t frame[NET_FRAME_BYTES];

	if (bounce->length_bytes < before_bytes || !tunnel_takes(frame_bytes))
		return;
	bounce_copy((struct bounce *)(uintptr_t)bounce, before_bytes, frame, frame_bytes, false);
	if (way == TUNNEL_WIRE && __atomic_load_n(&tunnel_has_names, __ATOMIC_ACQUIRE))
		heard_note(tunnel_gate.mac, frame, frame_bytes);
	if (way == TUNNEL_WIRE && tunnel_roams)
		tunnel_note_sender(frame, frame_bytes);
	(void)tunnel_giver(way, frame, (uint32_t)frame_bytes);
}
