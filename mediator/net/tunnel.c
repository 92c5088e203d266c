/*
 * mediator/net/tunnel.c: see the header. The gate's state is tunnel_said()'s, which runs on one CPU at a time; what other
 * CPUs look at are flags that are set once.
 */
#include "mediator/net/tunnel.h"

#include "core/log.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/net/egress.h"
#include "mediator/net/nic.h"
#include "mediator/net/nic_class.h"
#include "mediator/net/packet.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/access.h"
#include "vmm/pci_function.h"

#define PCI_CLASS_WIRELESS 0x0du

_Static_assert(TUNNEL_PEERS_MAXIMUM == EGRESS_PEERS_MAXIMUM && NET_FRAME_BYTES == EGRESS_FRAME_BYTES, "egress.h");

static tunnel_give tunnel_giver; /* NULL: nobody wants it */
static struct nic *tunnel_nic;
static struct egress tunnel_gate;
static char tunnel_why[TUNNEL_TEXT_BYTES];
static bool tunnel_is_reported, tunnel_is_open; /* the latter: with a good configuration */
static bool tunnel_is_told;			/* that the gate has refused something */
static unsigned tunnel_nr_wireless;

void tunnel_announce(tunnel_give give)
{
	tunnel_giver = give;
}

bool tunnel_is_wanted(void)
{
	return tunnel_giver != NULL;
}

static void tunnel_look_at(uint64_t function)
{
	tunnel_nr_wireless += pci_hardware_read(function | PCI_CLASS, 4) >> 24 == PCI_CLASS_WIRELESS;
}

const char *tunnel_claim(uint8_t mac[NET_MAC_BYTES])
{
	struct rv_nic_info info;

	tunnel_nic = nic_at(0);
	pci_functions_visit(tunnel_look_at);
	if (tunnel_nic == NULL)
		return "there is no network card";
	if (nic_at(1) != NULL || tunnel_nr_wireless != 0)
		return "there is another network card, by which packets could leave";
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
		struct egress_endpoint *peer = &tunnel_gate.peers[tunnel_gate.nr_peers++];

		memcpy(peer->address.bytes, report.peers[i].address, NET_V4_BYTES);
		peer->port = report.peers[i].port;
	}
	__atomic_store_n(&tunnel_is_open, tunnel_why[0] == '\0', __ATOMIC_RELEASE);
	tunnel_is_reported = true;
}

bool tunnel_has_report(const char **why)
{
	*why = tunnel_why;
	return tunnel_is_reported;
}

/* One that a single machine can have. */
static void tunnel_read_address(const uint8_t *bytes, uint32_t nr_bytes)
{
	if (nr_bytes != NET_V4_BYTES)
		return;
	tunnel_gate.nr_addresses = bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	memcpy(tunnel_gate.addresses[0].bytes, bytes, NET_V4_BYTES);
	if (tunnel_gate.nr_addresses != 0)
		log_info("vpn: the address outside is %u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
	else
		log_info("vpn: there is no address outside");
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
	tunnel_giver(TUNNEL_LINK, NULL, 0);
}

static bool tunnel_takes(uint64_t frame_bytes)
{
	return frame_bytes >= PACKET_BYTES_MINIMUM && frame_bytes <= NET_FRAME_BYTES &&
	       __atomic_load_n(&tunnel_is_open, __ATOMIC_ACQUIRE);
}

void tunnel_take_frame(enum tunnel_tag way, const uint8_t *frame, uint64_t frame_bytes)
{
	if (tunnel_takes(frame_bytes))
		tunnel_giver(way, frame, (uint32_t)frame_bytes);
}

void tunnel_take(enum tunnel_tag way, const struct bounce *bounce, uint64_t before_bytes)
{
	uint64_t frame_bytes = bounce->length_bytes - before_bytes;
	uint8_t frame[NET_FRAME_BYTES];

	if (bounce->length_bytes < before_bytes || !tunnel_takes(frame_bytes))
		return;
	bounce_copy((struct bounce *)(uintptr_t)bounce, before_bytes, frame, frame_bytes, false);
	tunnel_giver(way, frame, (uint32_t)frame_bytes);
}
