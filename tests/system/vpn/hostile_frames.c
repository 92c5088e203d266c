/*
 * tests/system/vpn/hostile_frames.c: in a Linux guest, as root: sends frames of every kind by a card, each with a mark in
 * it, which the wire must never have: all Ethernet types, others' addresses, VLAN tags, fragments, all sizes, and what
 * the hypervisor's own side would be let send.
 *
 * usage: hostile_frames DEVICE OUTSIDE PEER PORT    OUTSIDE: the hypervisor's address outside; PEER, PORT: the tunnel's
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARK "NOBODY MAY SEE THIS"

static int out;
static unsigned nr_sent;
static uint8_t mac[6], frame[1514];

static void begin(const uint8_t *to, const uint8_t *from, unsigned ethertype)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	frame[12] = (uint8_t)(ethertype >> 8);
	frame[13] = (uint8_t)ethertype;
	for (size_t at = 60; at + sizeof(MARK) < sizeof(frame); at += sizeof(MARK))
		memcpy(frame + at, MARK, sizeof(MARK));
}

/* Those that are full are tried again: none may be left out. */
static void transmit(size_t nr_bytes)
{
	while (send(out, frame, nr_bytes, 0) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN) {
			perror("send");
			exit(1);
		}
		usleep(1000);
	}
	nr_sent++;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned sum(const uint8_t *bytes, size_t nr_bytes, unsigned before)
{
	for (size_t i = 0; i < nr_bytes; i += 2)
		before += (unsigned)bytes[i] << 8 | bytes[i + 1];
	while (before >> 16)
		before = (before & 0xffff) + (before >> 16);
	return before;
}

/* A datagram, with its header's checksum; UDP has none. */
static void datagram(const uint8_t *to_mac, in_addr_t from, in_addr_t to, unsigned from_port, unsigned to_port, unsigned fragment,
		     size_t nr_bytes)
{
	begin(to_mac, mac, 0x0800);
	frame[14] = 0x45;
	put16(frame + 16, (unsigned)(28 + nr_bytes));
	put16(frame + 20, fragment);
	frame[22] = 64;
	frame[23] = 17;
	memcpy(frame + 26, &from, 4);
	memcpy(frame + 30, &to, 4);
	put16(frame + 24, ~sum(frame + 14, 20, 0) & 0xffff);
	put16(frame + 34, from_port);
	put16(frame + 36, to_port);
	put16(frame + 38, (unsigned)(8 + nr_bytes));
	frame[42] = 4; /* as WireGuard's data */
	transmit(42 + nr_bytes < 60 ? 60 : 42 + nr_bytes);
}

/* A packet of IPv6, from and to these, with such a header behind its own. */
static void packet6(const char *from, const char *to, uint8_t next_header, const void *header, size_t header_bytes, size_t nr_bytes)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };

	begin(group, mac, 0x86dd);
	frame[14] = 0x60;
	put16(frame + 18, (unsigned)nr_bytes);
	frame[20] = next_header;
	frame[21] = 255;
	if (inet_pton(AF_INET6, from, frame + 22) != 1 || inet_pton(AF_INET6, to, frame + 38) != 1)
		exit(1);
	memcpy(frame + 54, header, header_bytes);
	transmit(54 + nr_bytes);
}

/* What the gate lets our own side send by IPv6, and others of that kind: neighbour discovery, WireGuard's data to the peer. */
static void send6(unsigned port)
{
	static const char *const from[] = { "::", "fe80::9", "fec0::9", "fd00:9::2" };
	uint8_t udp[] = { 0xca, 0x6c, (uint8_t)(port >> 8), (uint8_t)port, 0, 108, 1, 1, 4, 0, 0, 0 };
	static const uint8_t dhcp[] = { 2, 34, 2, 35, 0, 108, 1, 1, 1, 0, 0, 0 };

	for (unsigned i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		for (uint8_t type = 133; type <= 137; type++)
			packet6(from[i], "ff02::1", 58, (uint8_t[8]){ type }, 8, 56);
		packet6(from[i], "fec0::2", 17, udp, sizeof(udp), 108);
		packet6(from[i], "ff02::1:2", 17, dhcp, sizeof(dhcp), 108);
		packet6(from[i], "fec0::2", 44, udp, sizeof(udp), 108);
		packet6(from[i], "fec0::2", 0, udp, sizeof(udp), 108);
		packet6(from[i], "fec0::3", 17, (uint8_t[]){ 1, 2, 0, 53, 0, 108 }, 6, 108);
	}
}

int main(int argc, char **argv)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 }, other[6] = { 0x52, 0x54, 0, 9, 9, 9 },
			     groups[][6] = { { 1, 0, 0x5e, 0, 0, 251 }, { 0x33, 0x33, 0, 0, 0, 1 }, { 1, 0x80, 0xc2, 0, 0, 3 } };
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct ifreq request = { 0 };
	in_addr_t outside, peer, own = inet_addr("10.9.0.2");
	unsigned port;

	if (argc != 5)
		return 1;
	outside = inet_addr(argv[2]);
	peer = inet_addr(argv[3]);
	port = (unsigned)atoi(argv[4]);
	out = socket(AF_PACKET, SOCK_RAW, 0);
	strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
	if (out < 0 || ioctl(out, SIOCGIFHWADDR, &request) != 0) {
		perror(argv[1]);
		return 1;
	}
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	at.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (bind(out, (struct sockaddr *)&at, sizeof(at)) != 0)
		return 1;
	for (unsigned ethertype = 0; ethertype < 65536; ethertype += ethertype < 0x0600 || ethertype >= 0x9200 ? 211 : 7) {
		begin(ethertype % 3 ? all : other, ethertype % 2 ? mac : other, ethertype);
		transmit(100);
	}
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned kinds[] = { 0x0806, 0x8100, 0x88a8, 0x888e, 0x86dd, 0x88cc, 0x8863, 0x8864, 0x8847, 0x22f0, 0x8899, 0x9000 };

		for (unsigned j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
			begin(groups[i], mac, kinds[j]);
			transmit(90);
			put16(frame + 14, 5); /* as a tag with IPv4 behind it */
			put16(frame + 16, 0x0800);
			frame[18] = 0x45;
			transmit(90);
		}
	}
	for (size_t bytes = 60; bytes <= 1472; bytes += 59) /* what the gate lets our own side send */
		datagram(all, outside, peer, 51820, port, 0, bytes);
	datagram(other, outside, peer, 51820, port, 0, 100);
	datagram(all, 0, INADDR_BROADCAST, 68, 67, 0, 300);
	datagram(all, own, INADDR_BROADCAST, 68, 67, 0, 300);
	datagram(all, own, peer, 51820, port, 0x2000, 100);
	datagram(all, own, peer, 51820, port, 5, 100);
	datagram(all, own, inet_addr("224.0.0.251"), 5353, 5353, 0, 100);
	datagram(all, own, inet_addr("10.0.2.3"), 53, 53, 0, 100);
	send6(port);
	begin(all, mac, 0x0806); /* that the address outside is the guest's, who says so */
	memcpy(frame + 14, (uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, 2 }, 8);
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 28, &outside, 4);
	transmit(100);
	printf("guest: sent %u hostile frames\n", nr_sent);
	return 0;
}
