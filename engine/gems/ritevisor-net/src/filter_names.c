/*
 * filter_names.c: the names that filters know.
 */
#include "filter_parse.h"

#include <string.h>

#define IP (1u << FILTER_IP)
#define IP6 (1u << FILTER_IP6)

const struct filter_layer_name filter_layers[] = {
	{ "ether", 0, -1, 0, FILTER_ETHER },
	{ "ip", PACKET_ETHERTYPE_IP, -1, 0, FILTER_IP },
	{ "ip6", PACKET_ETHERTYPE_IP6, -1, 0, FILTER_IP6 },
	{ "arp", PACKET_ETHERTYPE_ARP, -1, 0, FILTER_ARP },
	{ "rarp", PACKET_ETHERTYPE_RARP, -1, 0, FILTER_RARP },
	{ "tcp", 0, PACKET_TCP, IP | IP6, FILTER_TCP },
	{ "udp", 0, PACKET_UDP, IP | IP6, FILTER_UDP },
	{ "sctp", 0, PACKET_SCTP, IP | IP6, FILTER_SCTP },
	{ "icmp", 0, PACKET_ICMP, IP, FILTER_ICMP },
	{ "icmp6", 0, PACKET_ICMP6, IP6, FILTER_ICMP6 },
	{ "igmp", 0, PACKET_IGMP, IP, -1 },
	{ "igrp", 0, 9, IP, -1 },
	{ "esp", 0, 50, IP | IP6, -1 },
	{ "ah", 0, 51, IP | IP6, -1 },
	{ "pim", 0, 103, IP | IP6, -1 },
	{ "vrrp", 0, 112, IP, -1 },
	{ NULL, 0, -1, 0, -1 },
};

int filter_layer_at(const struct filter_parser *parser)
{
	for (int i = 0; filter_layers[i].name != NULL; i++) {
		if (filter_at_word(parser, filter_layers[i].name))
			return i;
	}
	return -1;
}

struct filter_constant {
	const char *name;
	uint32_t number;
};

static const struct filter_constant filter_constants[] = {
	{ "tcpflags", 13 }, { "tcp-fin", 1 }, { "tcp-syn", 2 }, { "tcp-rst", 4 }, { "tcp-push", 8 }, { "tcp-ack", 16 },
	{ "tcp-urg", 32 }, { "tcp-ece", 64 }, { "tcp-cwr", 128 },
	{ "icmptype", 0 }, { "icmpcode", 1 }, { "icmp-echoreply", 0 }, { "icmp-unreach", 3 }, { "icmp-sourcequench", 4 },
	{ "icmp-redirect", 5 }, { "icmp-echo", 8 }, { "icmp-routeradvert", 9 }, { "icmp-routersolicit", 10 },
	{ "icmp-timxceed", 11 }, { "icmp-paramprob", 12 }, { "icmp-tstamp", 13 }, { "icmp-tstampreply", 14 },
	{ "icmp6type", 0 }, { "icmp6code", 1 }, { "icmp6-destinationunreach", 1 }, { "icmp6-packettoobig", 2 },
	{ "icmp6-timeexceeded", 3 }, { "icmp6-parameterproblem", 4 }, { "icmp6-echo", 128 }, { "icmp6-echoreply", 129 },
	{ "icmp6-routersolicit", 133 }, { "icmp6-routeradvert", 134 }, { "icmp6-neighborsolicit", 135 },
	{ "icmp6-neighboradvert", 136 }, { "icmp6-redirect", 137 },
	{ NULL, 0 },
};

/* Some of /etc/services: there is no such file here. */
static const struct filter_constant filter_services[] = {
	{ "ftp-data", 20 }, { "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 }, { "smtp", 25 }, { "domain", 53 },
	{ "bootps", 67 }, { "bootpc", 68 }, { "tftp", 69 }, { "http", 80 }, { "pop3", 110 }, { "ntp", 123 },
	{ "imap2", 143 }, { "snmp", 161 }, { "ldap", 389 }, { "https", 443 }, { "syslog", 514 }, { "submission", 587 },
	{ "ldaps", 636 }, { "imaps", 993 }, { "pop3s", 995 }, { "mdns", 5353 },
	{ NULL, 0 },
};

static bool filter_look_up(const struct filter_parser *parser, const struct filter_constant *list, uint32_t *number)
{
	for (; list->name != NULL; list++) {
		if (filter_at_word(parser, list->name)) {
			*number = list->number;
			return true;
		}
	}
	return false;
}

bool filter_constant_at(const struct filter_parser *parser, uint32_t *number)
{
	return filter_look_up(parser, filter_constants, number);
}

bool filter_service_at(const struct filter_parser *parser, uint32_t *port)
{
	return filter_look_up(parser, filter_services, port);
}

bool filter_is_unsupported(const struct filter_parser *parser)
{
	static const char *const words[] = {
		"gateway", "protochain", "mpls", "pppoed", "pppoes", "geneve", "vxlan", "wlan", "fddi", "tr", "link", "ppp",
		"slip", "iso", "clnp", "esis", "isis", "decnet", "atalk", "aarp", "lat", "moprc", "mopdl", "ipx", "stp",
		"netbeui", "carp", "radio", "type", "subtype", "dir", "addr1", "addr2", "addr3", "addr4", "ra", "ta", "ifname",
		"on", "rnr", "rulenum", "reason", "rset", "ruleset", "srnr", "subrulenum", "action", "llc", "lane", "oam", NULL,
	};

	for (int i = 0; words[i] != NULL; i++) {
		if (filter_at_word(parser, words[i]))
			return true;
	}
	return false;
}
