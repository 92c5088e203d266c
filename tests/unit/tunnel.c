/*
 * tests/unit/tunnel.c: what of what the network service says reaches the card: nothing before its report, nothing beside
 * the egress gate, and the gate is as the first report says, whatever comes later.
 */
#include "mediator/net/tunnel.h"

#include "core/log.h"
#include "mediator/net/nic.h"
#include "mediator/net/nic_class.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"
#include "vmm/pci_function.h"

static struct nic nics[2] = { { .class = &nic_virtio_class } };
static uint8_t wire_frame[320]; /* that comes next */
static unsigned nr_nics, nr_to_wire, nr_to_guest, nr_given;
static bool is_watched;
const struct nic_class nic_virtio_class = { .name = "virtio" };
const struct nic_class nic_e1000_class = { .name = "e1000" };

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

struct nic *nic_at(uint32_t number)
{
	return number < nr_nics ? &nics[number] : NULL;
}

int nic_watch(void)
{
	is_watched = true;
	return 0;
}

bool nic_describe(uint32_t position, struct rv_nic_info *info)
{
	*info = (struct rv_nic_info){ .mac = 0x525400123456 };
	return position == 0;
}

int nic_send(struct nic *nic, const uint8_t *frame, uint32_t nr_bytes, bool to_guest)
{
	(void)frame;
	UNIT_CHECK(nic == &nics[0] && nr_bytes >= 14);
	*(to_guest ? &nr_to_guest : &nr_to_wire) += 1;
	return 0;
}

/* A PCI function beside the card: what it is, and its extended capabilities, up to one that says of Thunderbolt; 0: there is none. */
static uint32_t other_class, other_ids, other_vendor_header;
static unsigned nr_other_capabilities;
static bool other_is_endless; /* its capabilities lead back */
#define OTHER_FUNCTION (UINT64_C(1) << 20 | 2 << 15 | 3 << 12)

void pci_functions_visit(void (*visit)(uint64_t function))
{
	visit(0);
	visit(OTHER_FUNCTION);
	visit(OTHER_FUNCTION + (1 << 12));
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	unsigned at = address & 0xfff, number = (at - 0x100) / 8;

	UNIT_EQUAL(width_bytes, 4);
	if ((address & ~UINT64_C(0xfff)) != OTHER_FUNCTION)
		return at < 0x100 ? 0 : UINT32_MAX;
	if (at < 0x100)
		return at == PCI_CLASS ? other_class << 8 | 0x7f : at == PCI_ID ? other_ids : 0;
	if (at % 8 == 4)
		return other_vendor_header;
	if (other_is_endless)
		return 0x10001 | 0x100u << 20;
	return number >= nr_other_capabilities ? 0 : number + 1 == nr_other_capabilities ? 0x1000b : 0x10001 | (at + 8) << 20;
}

void bounce_copy(struct bounce *bounce, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	UNIT_CHECK(!write && offset + length_bytes <= bounce->length_bytes);
	memset(buffer, 0, length_bytes);
	if (length_bytes == sizeof(wire_frame))
		memcpy(buffer, wire_frame, sizeof(wire_frame));
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder++, 0);
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(--lock->holder, 0);
}

static bool is_hooked;
static unsigned nr_offered[2];
static uint32_t last_peer;

bool hook_wants_requests(uint32_t kind)
{
	UNIT_CHECK(kind == RV_EVENT_VPN_UP || kind == RV_EVENT_VPN_DOWN);
	return is_hooked;
}

void request_begin(struct request *request, uint32_t kind)
{
	*request = (struct request){ .kind = kind };
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	UNIT_CHECK(vcpu == NULL);
	nr_offered[request->kind == RV_EVENT_VPN_UP]++;
	last_peer = request->vpn_peer;
	return true;
}

uint64_t time_tsc_hz = 1000000;
static enum tunnel_tag last_tag;
static bool is_dead; /* the service */

static int give(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes)
{
	(void)bytes;
	UNIT_CHECK(nr_bytes <= NET_FRAME_BYTES);
	nr_given++;
	last_tag = tag;
	return is_dead ? -RV_EAGAIN : 0;
}

/* A datagram of WireGuard's to a peer. */
static void send_to(uint8_t last, uint16_t port)
{
	uint8_t frame[74] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0, 0x45, [17] = 60, [23] = 17,
			      [26] = 10, 0, 2, 15, 198, 51, 100, last, 0xca, 0x6c, (uint8_t)(port >> 8), (uint8_t)port, 0, 40, [42] = 4 };

	tunnel_said(TUNNEL_WIRE, frame, sizeof(frame));
}

static void say(const struct tunnel_outside *outside)
{
	tunnel_said(TUNNEL_ADDRESS, (const uint8_t *)outside, sizeof(*outside));
}

static void take(uint64_t length_bytes)
{
	struct bounce bounce = { .length_bytes = 12 + length_bytes };

	tunnel_take(TUNNEL_WIRE, &bounce, 12);
}

static bool says(const char *why, const char *what)
{
	return why != NULL && strstr(why, what) != NULL && strlen(why) < TUNNEL_TEXT_BYTES;
}

static void find_no_other_way(void)
{
	uint8_t mac[6];

	other_class = 0x060400; /* a bridge */
	other_ids = 0x15da8086;
	UNIT_CHECK(tunnel_claim(mac) == NULL);
	other_is_endless = true;
	UNIT_CHECK(tunnel_claim(mac) == NULL);
	other_is_endless = false;
	nr_other_capabilities = 3;
	other_vendor_header = 0x04430; /* another of the vendor's */
	UNIT_CHECK(tunnel_claim(mac) == NULL);
	other_vendor_header = 0x01c41234;
	other_ids = 0x15da1022; /* another vendor's */
	UNIT_CHECK(tunnel_claim(mac) == NULL);
	other_class = 0x0c0330; /* xHCI */
	UNIT_CHECK(tunnel_claim(mac) == NULL);
}

/* What else packets could leave by is found, and said, with its place. */
static void test_other_way(void)
{
	uint8_t mac[6];

	find_no_other_way();
	is_watched = false;
	other_ids = 0x15da8086;
	UNIT_CHECK(says(tunnel_claim(mac), "Thunderbolt or USB4") && says(tunnel_claim(mac), "PCI 01:02.3"));
	nr_other_capabilities = 300;
	UNIT_CHECK(says(tunnel_claim(mac), "Thunderbolt or USB4"));
	nr_other_capabilities = 0;
	other_class = 0x0c0340;
	UNIT_CHECK(says(tunnel_claim(mac), "Thunderbolt or USB4") && says(tunnel_claim(mac), "PCI 01:02.3"));
	other_class = 0x0d8000;
	UNIT_CHECK(says(tunnel_claim(mac), "wireless") && says(tunnel_claim(mac), "PCI 01:02.3"));
	UNIT_CHECK(!is_watched);
	other_class = 0;
	UNIT_CHECK(tunnel_claim(mac) == NULL && is_watched);
}

static void test_claim(void)
{
	uint8_t mac[6];

	UNIT_CHECK(!tunnel_is_wanted());
	tunnel_announce(give);
	UNIT_CHECK(tunnel_is_wanted());
	UNIT_CHECK(tunnel_claim(mac) != NULL);
	nr_nics = 2;
	UNIT_CHECK(tunnel_claim(mac) != NULL);
	nr_nics = 1;
	nics[0].class = NULL;
	UNIT_CHECK(tunnel_claim(mac) != NULL && !is_watched);
	nics[0].class = &nic_virtio_class;
	UNIT_CHECK(tunnel_claim(mac) == NULL && is_watched && mac[0] == 0x52 && mac[5] == 0x56);
}

static void test_gate(void)
{
	static const struct tunnel_outside address = { .v4 = { 10, 0, 2, 15 } }, none, all = { .v4 = { 255, 255, 255, 255 }, .v6 = { 0xff, 2, [15] = 1 } };
	struct tunnel_report report = { .port = 51820, .nr_peers = 3, .names[2] = "\3vpn\7example", .peers = { [2] = { .port = 445 }, [0] = { { 198, 51, 100, 7 }, 4, 0, 443 },
										{ { 0x20, 1, 0xd, 0xb8, [15] = 7 }, 6, 0, 443 } } };
	const char *why;

	tunnel_service_begins();
	UNIT_CHECK(!tunnel_has_report(&why));
	say(&address);
	send_to(7, 443);
	take(100);
	tunnel_said(TUNNEL_REPORT, (const uint8_t *)&report, sizeof(report) - 1);
	UNIT_CHECK(nr_to_wire == 0 && nr_given == 0 && !tunnel_has_report(&why));
	tunnel_said(TUNNEL_REPORT, (const uint8_t *)&report, sizeof(report));
	UNIT_CHECK(tunnel_has_report(&why) && why[0] == '\0');
	send_to(7, 443);
	UNIT_EQUAL(nr_to_wire, 1);
	send_to(8, 443);
	send_to(7, 444);
	UNIT_EQUAL(nr_to_wire, 1);
	/* One that is taken over says that it has another peer. */
	report.peers[0].address[3] = 8;
	report.nr_peers = 60000;
	tunnel_said(TUNNEL_REPORT, (const uint8_t *)&report, sizeof(report));
	send_to(8, 443);
	UNIT_EQUAL(nr_to_wire, 1);
	say(&none);
	send_to(7, 443);
	say(&all);
	send_to(7, 443);
	tunnel_said(TUNNEL_ADDRESS, (const uint8_t *)&address, sizeof(address) - 1);
	send_to(7, 443);
	UNIT_EQUAL(nr_to_wire, 1);
	say(&address);
	send_to(7, 443);
	UNIT_EQUAL(nr_to_wire, 2);
	tunnel_service_begins(); /* again: it has no address yet */
	send_to(7, 443);
	UNIT_EQUAL(nr_to_wire, 2);
	for (uint32_t tag = 6; tag < 300; tag++)
		tunnel_said(tag, (const uint8_t *)&address, 4);
	UNIT_CHECK(nr_to_wire == 2 && nr_to_guest == 0);
}

static bool is_open_to6(uint8_t last, uint16_t port)
{
	unsigned before = nr_to_wire;
	uint8_t frame[94] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x86, 0xdd, 0x60, [19] = 40, 17, 64,
			      0x20, 1, 0xd, 0xb8, [37] = 0x20, 0x20, 1, 0xd, 0xb8, [53] = last, 0xca, 0x6c, (uint8_t)(port >> 8), (uint8_t)port,
			      0, 40, [62] = 4 };

	tunnel_said(TUNNEL_WIRE, frame, sizeof(frame));
	return nr_to_wire != before;
}

/* By IPv6, from an address that a machine can have. */
static void test_gate6(void)
{
	static const struct tunnel_outside six = { .v6 = { 0x20, 1, 0xd, 0xb8, [15] = 0x20 } };
	static const struct tunnel_outside none[] = { { .v4 = { 10, 0, 2, 15 } }, { .v6 = { 0xff, 2, [15] = 1 } }, { .v6 = { 0xfe, 0x80, [15] = 1 } },
						      { .v6 = { [15] = 1 } }, { .v6 = { [10] = 0xff, 0xff, 10, 0, 2, 15 } } };
	unsigned before;

	tunnel_service_begins();
	UNIT_CHECK(!is_open_to6(7, 443));
	for (unsigned i = 0; i < ARRAY_LENGTH(none); i++) {
		say(&none[i]);
		UNIT_CHECK(!is_open_to6(7, 443));
	}
	say(&six);
	UNIT_CHECK(is_open_to6(7, 443) && !is_open_to6(8, 443) && !is_open_to6(7, 444));
	before = nr_to_wire;
	send_to(7, 443); /* there is no address of IPv4 */
	UNIT_EQUAL(nr_to_wire, before);
}

/* Hooks are told of those that are other than they were, and of no more than there are. */
static void test_peers(void)
{
	struct tunnel_status before = { 0 }, now = { .nr_peers = 2, .peers = { [1] = { .is_up = 1 }, [2] = { .is_up = 1 } } };

	tunnel_changed(&before, &now, NULL);
	UNIT_CHECK(nr_offered[0] + nr_offered[1] == 0);
	is_hooked = true;
	tunnel_changed(&before, &now, NULL);
	UNIT_CHECK(nr_offered[1] == 1 && nr_offered[0] == 0 && last_peer == 1);
	tunnel_changed(&now, &now, NULL);
	before = now;
	now.peers[1].is_up = 0;
	now.peers[0].sent_bytes++;
	tunnel_changed(&before, &now, NULL);
	UNIT_CHECK(nr_offered[1] == 1 && nr_offered[0] == 1 && last_peer == 1);
}

/* A datagram of WireGuard's from there, on the wire. */
static void hear(uint8_t last, uint16_t port, uint8_t message)
{
	struct bounce bounce = { .length_bytes = sizeof(wire_frame) };
	const uint8_t heard[sizeof(wire_frame)] = { [12] = 8, 0, 0x45, [17] = 60, [23] = 17, [26] = 203, 0, 113, last, 10, 0, 2, 15,
						    (uint8_t)(port >> 8), (uint8_t)port, 0xca, 0x6c, 0, 40, [42] = message };

	memcpy(wire_frame, heard, sizeof(heard));
	tunnel_take(TUNNEL_WIRE, &bounce, 0);
	memset(wire_frame, 0, sizeof(wire_frame));
}

static bool is_open_to(uint8_t last, uint16_t port)
{
	unsigned before = nr_to_wire;
	uint8_t frame[74] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0, 0x45, [17] = 60, [23] = 17,
			      [26] = 10, 0, 2, 15, 203, 0, 113, last, 0xca, 0x6c, (uint8_t)(port >> 8), (uint8_t)port, 0, 40, [42] = 4 };

	tunnel_said(TUNNEL_WIRE, frame, sizeof(frame));
	return nr_to_wire != before;
}

static void say_roamed(uint32_t peer, uint8_t last, uint16_t port)
{
	struct tunnel_roamed roamed = { peer, { { 203, 0, 113, last }, 4, 0, port } };

	tunnel_said(TUNNEL_ROAMED, (const uint8_t *)&roamed, sizeof(roamed));
}

static void hear6(uint8_t last, uint16_t port)
{
	struct bounce bounce = { .length_bytes = sizeof(wire_frame) };
	const uint8_t heard[sizeof(wire_frame)] = { [12] = 0x86, 0xdd, 0x60, [19] = 40, 17, 64, 0x20, 1, 0xd, 0xb8, [37] = last,
						    [54] = (uint8_t)(port >> 8), (uint8_t)port, 0xca, 0x6c, 0, 40, [62] = 4 };

	memcpy(wire_frame, heard, sizeof(heard));
	tunnel_take(TUNNEL_WIRE, &bounce, 0);
	memset(wire_frame, 0, sizeof(wire_frame));
}

static void test_roaming6(void)
{
	static const struct tunnel_outside six = { .v6 = { 0x20, 1, 0xd, 0xb8, [15] = 0x20 } };
	struct tunnel_roamed roamed = { 1, { { 0x20, 1, 0xd, 0xb8, [15] = 9 }, 6, 0, 1000 } };

	say(&six);
	tunnel_said(TUNNEL_ROAMED, (const uint8_t *)&roamed, sizeof(roamed));
	UNIT_CHECK(!is_open_to6(9, 1000));
	hear6(9, 1000);
	tunnel_said(TUNNEL_ROAMED, (const uint8_t *)&roamed, sizeof(roamed));
	UNIT_CHECK(is_open_to6(9, 1000) && is_open_to6(7, 443));
}

/* The gate follows a peer to where somebody has sent from lately, where that is wanted, and nowhere else. */
static void test_roaming(void)
{
	static const struct tunnel_outside address = { .v4 = { 10, 0, 2, 15 } };
	unsigned before;

	say(&address);
	hear(9, 1000, 4);
	say_roamed(0, 9, 1000);
	UNIT_CHECK(!is_open_to(9, 1000));
	tunnel_allow_roaming();
	say_roamed(0, 9, 1000); /* heard of before that was wanted */
	UNIT_CHECK(!is_open_to(9, 1000));
	hear(9, 1000, 5); /* none of WireGuard's */
	say_roamed(0, 9, 1000);
	UNIT_CHECK(!is_open_to(9, 1000));
	hear(9, 1000, 4);
	say_roamed(0, 9, 1001);
	say_roamed(0, 8, 1000);
	say_roamed(3, 9, 1000); /* there are three peers */
	say_roamed(UINT32_MAX, 9, 1000);
	UNIT_CHECK(!is_open_to(9, 1000) && !is_open_to(9, 1001) && !is_open_to(8, 1000));
	say_roamed(0, 9, 1000);
	UNIT_CHECK(is_open_to(9, 1000) && !is_open_to(9, 1001));
	before = nr_to_wire;
	send_to(7, 443); /* where the configuration says, too */
	UNIT_EQUAL(nr_to_wire, before + 1);
	hear(10, 1000, 1);
	say_roamed(0, 10, 1000);
	UNIT_CHECK(is_open_to(10, 1000) && !is_open_to(9, 1000));
	for (uint16_t port = 2000; port < 2016; port++)
		hear(11, port, 4);
	say_roamed(0, 9, 1000); /* heard of too long ago */
	UNIT_CHECK(is_open_to(10, 1000) && !is_open_to(9, 1000));
	tunnel_service_begins();
	say(&address);
	UNIT_CHECK(!is_open_to(10, 1000));
	before = nr_to_wire;
	send_to(7, 443);
	UNIT_EQUAL(nr_to_wire, before + 1);
}

static void hear_payload(uint8_t last, uint16_t from, uint16_t to, const uint8_t *payload, size_t nr_bytes, size_t at)
{
	struct bounce bounce = { .length_bytes = sizeof(wire_frame) };
	const uint8_t heard[42] = { [12] = 8, 0, 0x45, [23] = 17, [26] = 10, 0, 2, last, [34] = (uint8_t)(from >> 8), (uint8_t)from,
				    (uint8_t)(to >> 8), (uint8_t)to };

	memset(wire_frame, 0, sizeof(wire_frame));
	memcpy(wire_frame, heard, sizeof(heard));
	memcpy(wire_frame + 42 + 28, (const uint8_t[]){ 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, 6);
	memcpy(wire_frame + 42 + at, payload, nr_bytes);
	tunnel_take(TUNNEL_WIRE, &bounce, 0);
	memset(wire_frame, 0, sizeof(wire_frame));
}

static void hear_dhcp(uint8_t option, uint8_t last)
{
	const uint8_t options[] = { 53, 1, 5, option, 8, 10, 0, 2, 9, 10, 0, 2, last, 255 };

	hear_payload(2, 67, 68, options, sizeof(options), 240);
}

static void hear_answer(uint8_t from, uint8_t last)
{
	const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, last };

	hear_payload(from, 53, 50000, record, sizeof(record), 29);
}

static bool is_asked(uint8_t server)
{
	static const uint8_t question[] = { 9, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'v', 'p', 'n', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1 };
	uint8_t frame[42 + sizeof(question)] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0, 0x45, [17] = 57,
						 [23] = 17, [26] = 10, 0, 2, 15, 10, 0, 2, server, 0xd0, 0, 0, 53, 0, 37 };
	unsigned before = nr_to_wire;

	memcpy(frame + 42, question, sizeof(question));
	tunnel_said(TUNNEL_WIRE, frame, sizeof(frame));
	return nr_to_wire != before;
}

static void say_server(uint8_t last)
{
	struct tunnel_outside outside = { .v4 = { 10, 0, 2, 15 }, .name_server = { 10, 0, 2, last } };

	say(&outside);
}

static void say_resolved(uint32_t peer, uint8_t last)
{
	struct tunnel_roamed found = { peer, { { 203, 0, 113, last }, 4, 0, 9999 } };

	tunnel_said(TUNNEL_RESOLVED, (const uint8_t *)&found, sizeof(found));
}

/* The name server is one that DHCP has named on the wire, and a peer is where that has said that somebody is. */
static void test_names(void)
{
	tunnel_service_begins();
	say_server(3);
	UNIT_CHECK(!is_asked(3));
	hear_dhcp(3, 3); /* a router */
	say_server(3);
	UNIT_CHECK(!is_asked(3));
	hear_dhcp(6, 3);
	say_server(4);
	UNIT_CHECK(!is_asked(4) && !is_asked(3));
	hear_answer(3, 20); /* before it was the server */
	say_server(3);
	UNIT_CHECK(is_asked(3) && !is_asked(4));
	say_resolved(2, 20);
	hear_answer(4, 21); /* somebody else's */
	say_resolved(2, 21);
	UNIT_CHECK(!is_open_to(20, 445) && !is_open_to(21, 445));
	hear_answer(3, 22);
	say_resolved(0, 22); /* that peer has no name */
	say_resolved(3, 22);
	say_resolved(UINT32_MAX, 22);
	UNIT_CHECK(!is_open_to(22, 445) && !is_open_to(22, 443));
	say_resolved(2, 23);
	UNIT_CHECK(!is_open_to(23, 445));
	say_resolved(2, 22);
	UNIT_CHECK(is_open_to(22, 445) && !is_open_to(22, 9999));
	hear_answer(3, 24);
	say_resolved(2, 24);
	UNIT_CHECK(is_open_to(24, 445) && !is_open_to(22, 445));
	for (unsigned i = 0; i < 4; i++)
		hear_answer(3, 25);
	say_resolved(2, 22); /* too long ago */
	UNIT_CHECK(is_open_to(24, 445) && !is_open_to(22, 445));
	tunnel_service_begins();
	say_server(3);
	UNIT_CHECK(!is_open_to(24, 445) && !is_asked(3));
}

static void test_take(void)
{
	nr_given = 0;
	take(100);
	take(14);
	take(1514);
	UNIT_EQUAL(nr_given, 3);
	take(13);
	take(1515);
	take(9000);
	UNIT_EQUAL(nr_given, 3);
	tunnel_link();
	UNIT_EQUAL(nr_given, 4);
}

static int take_script(uint64_t length_bytes, uint64_t tsc)
{
	struct bounce bounce = { .length_bytes = length_bytes };

	return tunnel_take_script(&nics[0], &bounce, tsc);
}

/* A script's frames: for the service, so many at once and a few a second. */
static void test_script(void)
{
	const uint64_t each = TUNNEL_SCRIPT_MS * 1000, start = 77777;
	struct bounce bounce = { .length_bytes = 60 };

	nr_given = nr_to_wire = nr_to_guest = 0;
	UNIT_EQUAL(tunnel_take_script(&nics[1], &bounce, start), -RV_ENOENT);
	UNIT_EQUAL(take_script(13, start), -RV_ERANGE);
	UNIT_EQUAL(take_script(1515, start), -RV_ERANGE);
	UNIT_EQUAL(nr_given, 0);
	for (unsigned i = 0; i < TUNNEL_SCRIPT_FRAMES; i++)
		UNIT_EQUAL(take_script(i % 2 ? 14 : 1514, start), 0);
	UNIT_EQUAL(take_script(60, start), -RV_EBUSY);
	UNIT_CHECK(nr_given == TUNNEL_SCRIPT_FRAMES && last_tag == TUNNEL_SCRIPT);
	UNIT_EQUAL(take_script(60, start + each - 1), -RV_EBUSY);
	UNIT_EQUAL(take_script(60, start + each), 0);
	UNIT_EQUAL(take_script(60, start + each), -RV_EBUSY);
	UNIT_EQUAL(take_script(60, start), -RV_EBUSY); /* another CPU's clock is behind */
	UNIT_EQUAL(take_script(60, start + 3 * each), 0);
	UNIT_EQUAL(take_script(60, start + 3 * each), 0);
	UNIT_EQUAL(take_script(60, start + 3 * each), -RV_EBUSY);
	for (unsigned i = 0; i < TUNNEL_SCRIPT_FRAMES; i++) /* a rest brings no more than so many */
		UNIT_EQUAL(take_script(60, start + 1000 * each), 0);
	UNIT_EQUAL(take_script(60, start + 1000 * each), -RV_EBUSY);
	is_dead = true;
	UNIT_EQUAL(take_script(60, start + 2000 * each), -RV_EAGAIN);
	is_dead = false;
	UNIT_CHECK(nr_to_wire == 0 && nr_to_guest == 0);
}

int main(void)
{
	unit_run("one card that can be kept, or none", test_claim);
	unit_run("and no other way out", test_other_way);
	unit_run("the gate is as the first report says", test_gate);
	unit_run("so it is by IPv6", test_gate6);
	unit_run("hooks are told of peers", test_peers);
	unit_run("the gate follows a peer that somebody has heard", test_roaming);
	unit_run("and by IPv6", test_roaming6);
	unit_run("peers with a name are where an answer has said", test_names);
	unit_run("what is no frame is not given to the service", test_take);
	unit_run("a script's frames are for the service, and not too many", test_script);
	return unit_failed;
}
