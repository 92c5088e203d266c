/*
 * tests/system/wireguard/tunnel.c: WireGuard of service/ as a program of this machine, to speak with others' WireGuard:
 * datagrams by UDP in the network namespace where it was started, packets by a TUN device in one of its own.
 *
 * usage: wireguard_tunnel FILE DEVICE    FILE as wg-quick has it
 *
 * It prints "ready", then what happens. Lines that it reads: "rekey" asks for new keys; "port N" goes on from another
 * port; "flood N" takes that many handshakes of nobody first, so that it is under load; "status" prints what is counted.
 * At the end of its input it ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "service/wireguard.h"

#define FILE_BYTES 65536
#define BATCH 64 /* datagrams or packets that are taken in a row */

static struct wireguard wireguard;
static int udp, tun, outside; /* outside: the network namespace of datagrams */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* IPv4 and IPv6 by one socket. */
static int open_udp(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), no = 0, bytes = 4 << 20;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) != 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("UDP");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* as much as it gets */
	return fd;
}

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
		die("TUN");
	return fd;
}

static void enter(int namespace)
{
	if (setns(namespace, CLONE_NEWNET) != 0)
		die("setns");
}

static struct wireguard_time now(void)
{
	struct timespec monotonic, day;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &day);
	return (struct wireguard_time){ (uint64_t)monotonic.tv_sec * 1000 + (uint64_t)monotonic.tv_nsec / 1000000,
					(uint64_t)day.tv_sec, (uint32_t)day.tv_nsec };
}

static void tunnel_send(void *context, const struct ip_endpoint *to, const uint8_t *datagram, size_t nr_bytes)
{
	static const uint8_t mapped[] = { [10] = 0xff, [11] = 0xff };
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(to->port) };

	(void)context;
	memcpy(&at.sin6_addr, to->address.bytes, 16);
	if (to->address.family == IP_V4) {
		memcpy(&at.sin6_addr, mapped, sizeof(mapped));
		memcpy((uint8_t *)&at.sin6_addr + sizeof(mapped), to->address.bytes, 4);
	}
	if (sendto(udp, datagram, nr_bytes, 0, (struct sockaddr *)&at, sizeof(at)) < 0 && errno != EAGAIN)
		printf("send: %s\n", strerror(errno));
}

static void tunnel_deliver(void *context, uint32_t peer, const uint8_t *packet, size_t nr_bytes)
{
	(void)context;
	(void)peer;
	if (write(tun, packet, nr_bytes) < 0)
		printf("deliver: %s\n", strerror(errno));
}

static void tunnel_random(void *context, void *bytes, size_t nr_bytes)
{
	(void)context;
	if (getrandom(bytes, nr_bytes, 0) != (ssize_t)nr_bytes)
		die("getrandom");
}

static void tunnel_event(void *context, uint32_t peer, enum wireguard_event event)
{
	static const char *const names[] = { "up", "rekeyed", "down", "roamed" };

	(void)context;
	printf("peer %u %s\n", peer, names[event]);
}

static const struct wireguard_host host = { NULL, tunnel_send, tunnel_deliver, tunnel_random, tunnel_event };

static void begin(const char *path)
{
	static struct wireguard_config config;
	char *text = malloc(FILE_BYTES), why[WIREGUARD_WHY_BYTES];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		die(path);
	if (!wireguard_read_config(text, fread(text, 1, FILE_BYTES, file), &config, why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
	fclose(file);
	free(text);
	udp = open_udp(config.listen_port);
	if (!wireguard_begin(&wireguard, &config, &host, now(), NULL, why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
	memset(&config, 0, sizeof(config));
}

static void take_datagrams(void)
{
	static uint8_t datagram[65536];

	for (unsigned i = 0; i < BATCH; i++) {
		struct sockaddr_in6 at;
		socklen_t at_bytes = sizeof(at);
		ssize_t nr_bytes = recvfrom(udp, datagram, sizeof(datagram), 0, (struct sockaddr *)&at, &at_bytes);
		struct ip_endpoint from = { { .family = IP_V6 }, 0 };

		if (nr_bytes < 0)
			return;
		from.port = ntohs(at.sin6_port);
		memcpy(from.address.bytes, &at.sin6_addr, 16);
		if (IN6_IS_ADDR_V4MAPPED(&at.sin6_addr)) {
			from.address = (struct ip_address){ .family = IP_V4 };
			memcpy(from.address.bytes, (uint8_t *)&at.sin6_addr + 12, 4);
		}
		wireguard_receive(&wireguard, &from, datagram, (size_t)nr_bytes);
	}
}

static void take_packets(void)
{
	static uint8_t packet[65536];

	for (unsigned i = 0; i < BATCH; i++) {
		ssize_t nr_bytes = read(tun, packet, sizeof(packet));

		if (nr_bytes <= 0)
			return;
		wireguard_transmit(&wireguard, packet, (size_t)nr_bytes);
	}
}

static void flood(unsigned number)
{
	struct ip_endpoint from = { { IP_V4, { 192, 0, 2, 1 } }, 1 };
	uint8_t message[NOISE_INITIATION_BYTES];
	struct cookie_held held = { .has_sent = false };

	for (unsigned i = 0; i < number; i++) {
		tunnel_random(NULL, message, sizeof(message));
		wireguard_store32(message, WIREGUARD_INITIATION);
		cookie_write_macs(&wireguard.cookie_keys, &held, 0, message, NOISE_INITIATION_MACS);
		wireguard_receive(&wireguard, &from, message, sizeof(message));
	}
}

static void print_status(void)
{
	for (uint32_t i = 0; i < wireguard.nr_peers; i++)
		printf("status: peer %u handshakes %llu sent %llu received %llu\n", i,
		       (unsigned long long)wireguard.peers[i].nr_handshakes, (unsigned long long)wireguard.peers[i].sent_bytes,
		       (unsigned long long)wireguard.peers[i].received_bytes);
	printf("status: dropped");
	for (unsigned i = 0; i < WIREGUARD_NR_DROPS; i++)
		printf(" %llu", (unsigned long long)wireguard.drops[i]);
	printf("\n");
}

static bool obey(void)
{
	char line[100];
	unsigned number;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (strcmp(line, "rekey\n") == 0) {
		for (uint32_t i = 0; i < wireguard.nr_peers; i++)
			wireguard_rekey(&wireguard, i);
	} else if (strcmp(line, "status\n") == 0) {
		print_status();
	} else if (sscanf(line, "port %u", &number) == 1) {
		enter(outside);
		close(udp);
		udp = open_udp((uint16_t)number);
	} else if (sscanf(line, "flood %u", &number) == 1) {
		flood(number);
	} else {
		printf("what is %s", line);
	}
	return true;
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: wireguard_tunnel FILE DEVICE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	outside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	begin(words[1]);
	if (unshare(CLONE_NEWNET) != 0)
		die("a network namespace");
	tun = open_tun(words[2]);
	printf("ready\n");
	for (;;) {
		struct pollfd ready[] = { { 0, POLLIN, 0 }, { udp, POLLIN, 0 }, { tun, POLLIN, 0 } };
		uint64_t next = wireguard_advance(&wireguard, now());
		uint64_t wait_ms = next == UINT64_MAX ? 1000 : next > wireguard.now.ms ? next - wireguard.now.ms : 0;

		if (poll(ready, 3, wait_ms < 1000 ? (int)wait_ms : 1000) < 0 && errno != EINTR)
			die("poll");
		wireguard_advance(&wireguard, now());
		if (ready[0].revents != 0 && !obey())
			return 0;
		if (ready[1].revents != 0)
			take_datagrams();
		if (ready[2].revents != 0)
			take_packets();
	}
}
