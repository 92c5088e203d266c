/*
 * live_pcapng.c: packets for Wireshark, in pcapng (draft-ietf-opsawg-pcapng-02): each when it came, as it went on, with
 * the verdict and whose it was as its comment. They are written in the order in which they came, each when all is known
 * of it, or a second later: a packet that is held does not keep the others. Of a USB transfer the begin is one, and the end.
 */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "rv/version.h"

#define PATIENCE_NS 1000000000
#define COMMENT_BYTES 256

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6 };
enum { OPTION_END, OPTION_COMMENT };
enum { SECTION_HARDWARE = 2, SECTION_PROGRAM = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_RESOLUTION = 9 };
enum { PACKET_FLAGS = 2, PACKET_INBOUND = 1, PACKET_OUTBOUND = 2 };
enum { STATISTICS_RECEIVED = 4, STATISTICS_DROPPED = 5 };
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define ETHERNET 1
#define USBMON 220
#define NANOSECONDS 9

/* A packet on its way. */
struct pcapng_packet {
	struct pcapng_packet *next;
	uint64_t request, time_ns;
	uint32_t nic, kind, size_bytes; /* `nic`: of a transfer its bus */
	bool is_over, is_usb;
	const char *verdict;
	char scripts[COMMENT_BYTES]; /* that decided something */
	uint16_t length;
	uint8_t data[sizeof(struct usbmon_header) + TRACE_PAYLOAD_BYTES_MAXIMUM];
};

static struct pcapng_packet *oldest, **newest = &oldest;
static struct {
	uint32_t nic;
	bool is_usb;
	uint64_t received;
} interfaces[RV_NIC_LAST + 1 + UINT8_MAX + 1];
static unsigned nr_interfaces;
static uint64_t nr_lost;

/* Blocks ------------------------------------------------------------------------------------------ */

static uint8_t block[sizeof(struct usbmon_header) + TRACE_PAYLOAD_BYTES_MAXIMUM + COMMENT_BYTES + 512];
static size_t block_bytes;

static void block_put(const void *bytes, size_t length_bytes)
{
	memcpy(block + block_bytes, bytes, length_bytes);
	block_bytes += length_bytes;
	while (block_bytes % 4 != 0)
		block[block_bytes++] = 0;
}

static void block_put_u32(uint32_t value)
{
	block_put(&value, sizeof(value));
}

static void block_put_option(uint16_t code, const void *bytes, uint16_t length_bytes)
{
	uint16_t head[2] = { code, length_bytes };

	block_put(head, sizeof(head));
	block_put(bytes, length_bytes);
}

static void block_begin(uint32_t type)
{
	block_bytes = 0;
	block_put_u32(type);
	block_put_u32(0); /* its bytes, which follow once more at its end */
}

static void block_end(void)
{
	uint32_t bytes;

	block_put_option(OPTION_END, "", 0);
	bytes = (uint32_t)block_bytes + 4;
	block_put_u32(bytes);
	memcpy(block + 4, &bytes, sizeof(bytes));
	fwrite(block, 1, block_bytes, settings.output);
}

static void block_put_time(uint64_t time_ns)
{
	block_put_u32((uint32_t)(time_ns >> 32));
	block_put_u32((uint32_t)time_ns);
}

/* Packets ----------------------------------------------------------------------------------------- */

static bool pcapng_takes_packets(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];

	return number != RV_EVENT_NONE && rv_kind_has(number, RV_KIND_REQUEST) && rv_field_named(kind, "nic") < kind->nr_fields;
}

static bool pcapng_takes(uint32_t number)
{
	return (pcapng_takes_packets(number) && settings.usb == 0) || (usbmon_takes_kind(number) && settings.nic == NIC_ANY);
}

static bool pcapng_is_usual(uint32_t number)
{
	return settings.usb != 0 ? usbmon_takes_kind(number) : pcapng_takes_packets(number);
}

/* The number of a card's interface, or a USB bus's, which is made when its first packet comes. */
static unsigned pcapng_interface(uint32_t nic, bool is_usb)
{
	const uint16_t link[2] = { is_usb ? USBMON : ETHERNET, 0 };
	const uint8_t resolution = NANOSECONDS;
	char name[16];
	unsigned i;

	for (i = 0; i < nr_interfaces; i++) {
		if (interfaces[i].nic == nic && interfaces[i].is_usb == is_usb)
			return i;
	}
	interfaces[nr_interfaces].is_usb = is_usb;
	interfaces[nr_interfaces++].nic = nic;
	snprintf(name, sizeof(name), "%s%u", is_usb ? "usb" : "nic", nic);
	block_begin(BLOCK_INTERFACE);
	block_put(link, sizeof(link));
	block_put_u32(0); /* the longest packet: any */
	block_put_option(INTERFACE_NAME, name, (uint16_t)strlen(name));
	block_put_option(INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	block_end();
	return i;
}

static void pcapng_begin(void)
{
	static const char program[] = "ritevisor " RV_VERSION;
	const uint16_t version[2] = { 1, 0 };

	block_begin(BLOCK_SECTION);
	block_put_u32(BYTE_ORDER_MAGIC);
	block_put(version, sizeof(version));
	block_put_u32(UINT32_MAX); /* its length, in 64 bits, is not said */
	block_put_u32(UINT32_MAX);
	block_put_option(SECTION_HARDWARE, "x86-64", 6);
	block_put_option(SECTION_PROGRAM, program, sizeof(program) - 1);
	block_end();
	if (settings.nic != NIC_ANY)
		pcapng_interface(settings.nic, false);
	if (settings.usb != 0)
		pcapng_interface(settings.usb, true);
}

static void pcapng_write(const struct pcapng_packet *packet)
{
	unsigned interface = pcapng_interface(packet->nic, packet->is_usb);
	uint32_t flags = rv_kind_has(packet->kind, RV_KIND_WRITE) ? PACKET_OUTBOUND : PACKET_INBOUND;
	char comment[COMMENT_BYTES + 64];
	int length;

	interfaces[interface].received++;
	length = snprintf(comment, sizeof(comment), packet->scripts[0] != '\0' ? "%s (%s)" : "%s", packet->verdict,
			  packet->scripts);
	block_begin(BLOCK_PACKET);
	block_put_u32(interface);
	block_put_time(packet->time_ns);
	block_put_u32(packet->length);
	block_put_u32(packet->size_bytes);
	block_put(packet->data, packet->length);
	block_put_option(OPTION_COMMENT, comment, (uint16_t)length);
	if (!packet->is_usb)
		block_put_option(PACKET_FLAGS, &flags, sizeof(flags));
	block_end();
}

/* Those at the front of which all is known; those that came before that time, and all, are not waited for. */
static void pcapng_write_ready(uint64_t before_ns)
{
	while (oldest != NULL && (oldest->is_over || oldest->time_ns < before_ns)) {
		struct pcapng_packet *packet = oldest;

		pcapng_write(packet);
		oldest = packet->next;
		if (oldest == NULL)
			newest = &oldest;
		free(packet);
	}
}

/* It stands behind so many bytes. */
static void pcapng_set_payload(struct pcapng_packet *packet, size_t at, const struct live_event *event)
{
	uint16_t length = event->payload_length < TRACE_PAYLOAD_BYTES_MAXIMUM ? event->payload_length : TRACE_PAYLOAD_BYTES_MAXIMUM;

	if (length == 0)
		return;
	packet->length = (uint16_t)(at + length);
	memcpy(packet->data + at, event->payload, length);
}

/* The last of them. */
static struct pcapng_packet *pcapng_new(const struct live_event *event)
{
	struct pcapng_packet *packet = calloc(1, sizeof(*packet));

	if (packet == NULL)
		fail(STATUS_SCRIPT, "no memory");
	packet->time_ns = event->time_ns;
	packet->kind = event->head.kind;
	*newest = packet;
	newest = &packet->next;
	return packet;
}

/* A transfer's begin or end: nothing more comes of that. */
static void pcapng_add_transfer(const struct live_event *event)
{
	struct pcapng_packet *packet = pcapng_new(event);
	struct usbmon_header header;

	usbmon_fill(&header, event);
	packet->is_usb = packet->is_over = true;
	packet->nic = usbmon_bus(event);
	packet->verdict = metadata_verdict(event->head.verdict);
	memcpy(packet->data, &header, sizeof(header));
	packet->length = sizeof(header);
	pcapng_set_payload(packet, sizeof(header), event);
	packet->size_bytes = (uint32_t)sizeof(header) + header.length;
	if (packet->size_bytes < packet->length)
		packet->size_bytes = packet->length;
}

static void pcapng_add(const struct live_event *event, uint64_t request)
{
	struct pcapng_packet *packet;
	uint64_t nic = 0, length = 0;

	(void)live_value(event, "nic", &nic);
	if (settings.nic != NIC_ANY && nic != settings.nic)
		return;
	packet = pcapng_new(event);
	(void)live_value(event, "length", &length);
	packet->request = request;
	packet->nic = nic <= RV_NIC_LAST ? (uint32_t)nic : RV_NIC_LAST;
	packet->verdict = metadata_verdict(RV_VERDICT_PASS);
	pcapng_set_payload(packet, 0, event);
	packet->size_bytes = event->payload_bytes > length ? event->payload_bytes : (uint32_t)length;
	if (packet->size_bytes < packet->length)
		packet->size_bytes = packet->length;
}

/* What was decided beyond letting it pass, and by whom. */
static void pcapng_decided(struct pcapng_packet *packet, const struct live_event *event)
{
	size_t used = strlen(packet->scripts);

	if (event->head.verdict == RV_VERDICT_PASS)
		return;
	packet->verdict = metadata_verdict(event->head.verdict);
	if (event->script[0] == '\0' || strstr(packet->scripts, event->script) != NULL)
		return;
	snprintf(packet->scripts + used, sizeof(packet->scripts) - used, "%s%s", used != 0 ? ", " : "", event->script);
}

/* One that is not over. NULL: its begin was not recorded, or it was not waited for. */
static struct pcapng_packet *pcapng_find(uint64_t request)
{
	struct pcapng_packet *packet = oldest;

	while (packet != NULL && (packet->request != request || packet->is_over))
		packet = packet->next;
	return packet;
}

static void pcapng_go_on(struct pcapng_packet *packet, const struct live_event *event)
{
	if (event->head.phase == TRACE_GIVEN)
		pcapng_set_payload(packet, 0, event);
	else
		pcapng_decided(packet, event);
	packet->is_over = event->head.phase == TRACE_COMPLETED;
}

static void pcapng_event(const struct live_event *event)
{
	struct pcapng_packet *packet;
	uint64_t request = 0;

	(void)live_value(event, "request", &request);
	packet = pcapng_find(request);
	if (usbmon_takes_kind(event->head.kind)) {
		if (usbmon_takes(event) && (settings.usb == 0 || settings.usb == usbmon_bus(event)))
			pcapng_add_transfer(event);
	} else if (event->head.phase == TRACE_SUBMITTED) {
		pcapng_add(event, request);
	} else if (packet != NULL) {
		pcapng_go_on(packet, event);
	}
	pcapng_write_ready(event->time_ns - PATIENCE_NS);
}

static void pcapng_lost(uint64_t time_ns, uint32_t cpu, uint64_t count)
{
	(void)time_ns;
	(void)cpu;
	nr_lost += count;
}

static void pcapng_end(uint64_t time_ns)
{
	pcapng_write_ready(UINT64_MAX);
	for (unsigned i = 0; i < nr_interfaces; i++) {
		block_begin(BLOCK_STATISTICS);
		block_put_u32(i);
		block_put_time(time_ns);
		block_put_option(STATISTICS_RECEIVED, &interfaces[i].received, sizeof(interfaces[i].received));
		block_put_option(STATISTICS_DROPPED, &nr_lost, sizeof(nr_lost));
		block_end();
	}
}

const struct live_format live_pcapng = {
	.name = "pcapng",
	.is_binary = true,
	.takes = pcapng_takes,
	.is_usual = pcapng_is_usual,
	.begin = pcapng_begin,
	.event = pcapng_event,
	.lost = pcapng_lost,
	.end = pcapng_end,
};
