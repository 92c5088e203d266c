/*
 * service/net_syslog.c: see the header.
 */
#include "service/net_syslog.h"

#include "core/log.h"
#include "core/string.h"
#include "service/net.h"

#define FACILITY_LOCAL0 (16 * 8)
#define SEVERITY_ERROR 3
#define SEVERITY_WARNING 4
#define SEVERITY_INFORMATION 6
#define NUMBER_MOST 2147483647u /* then 1 again (RFC 5424, 7.3.1) */
#define DAY_SECONDS 86400

const char *net_syslog_begin(struct net *net, const char *word, size_t length)
{
	struct net_syslog *syslog = &net->syslog;
	struct ip_address address;
	size_t host = 0;
	uint32_t port = 0;

	if (length == 0)
		return NULL;
	while (host < length && word[host] != ':')
		host++;
	for (size_t i = host + 1; i < length; i++) {
		if (word[i] < '0' || word[i] > '9' || port > UINT16_MAX)
			return "syslog=: ADDRESS or ADDRESS:PORT, of IPv4";
		port = port * 10 + (uint32_t)(word[i] - '0');
	}
	if (!ip_read_address(word, host, &address) || address.family != IP_V4 || (host < length && (port == 0 || port > UINT16_MAX)))
		return "syslog=: ADDRESS or ADDRESS:PORT, of IPv4";
	if (!wireguard_finds(&net->wireguard, &address, &syslog->peer))
		return "syslog=: that address is in no peer's AllowedIPs";
	memcpy(syslog->server, address.bytes, NET_V4_BYTES);
	syslog->port = port != 0 ? (uint16_t)port : NET_SYSLOG_PORT;
	syslog->is_there = true;
	return NULL;
}

uint64_t net_syslog_advance(struct net *net, uint64_t now_ms)
{
	struct net_syslog *syslog = &net->syslog;

	if (!syslog->is_there)
		return UINT64_MAX;
	if (now_ms < syslog->next_ms)
		return syslog->next_ms;
	syslog->next_ms = now_ms + NET_SYSLOG_WAIT_MS;
	if (net->wireguard.peers[syslog->peer].is_up) {
		net->host->want_log(net->host->context);
	} else if (now_ms >= syslog->knock_ms) {
		syslog->knock_ms = now_ms + NET_SYSLOG_KNOCK_MS;
		(void)wireguard_rekey(&net->wireguard, syslog->peer);
	}
	return syslog->next_ms;
}

/* A day of the Gregorian calendar, as years that begin with March have it (leap days are the last then). */
static int syslog_write_time(char *text, size_t text_bytes, uint64_t seconds, uint32_t microseconds)
{
	uint64_t days = seconds / DAY_SECONDS + 719468, era = days / 146097;
	uint32_t day = (uint32_t)(days % 146097), of_day = (uint32_t)(seconds % DAY_SECONDS);
	uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint32_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	uint32_t of_month = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	return print_format(text, text_bytes, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (uint32_t)(year + 400 * era) + (month <= 2), month,
			    of_month, of_day / 3600, of_day / 60 % 60, of_day % 60, microseconds);
}

/* "[   12.345678 #0] " before a line: since the start, and by which CPU. Returns how much of the line that is, 0: it has none. */
static size_t syslog_read_stamp(const char *line, size_t length, uint64_t *seconds, uint32_t *microseconds)
{
	size_t at = 1, digits;

	*seconds = *microseconds = 0;
	if (length == 0 || line[0] != '[')
		return 0;
	while (at < length && line[at] == ' ')
		at++;
	for (digits = 0; at < length && digits < 12 && line[at] >= '0' && line[at] <= '9'; at++, digits++)
		*seconds = *seconds * 10 + (uint64_t)(line[at] - '0');
	if (digits == 0 || at == length || line[at++] != '.')
		return 0;
	for (digits = 0; at < length && digits < 6 && line[at] >= '0' && line[at] <= '9'; at++, digits++)
		*microseconds = *microseconds * 10 + (uint32_t)(line[at] - '0');
	if (digits != 6)
		return 0;
	while (at < length && line[at] != ']')
		at++;
	return length - at >= 2 && line[at + 1] == ' ' ? at + 2 : 0;
}

static bool syslog_skip(const char *line, size_t length, size_t *at, const char *word)
{
	size_t word_bytes = strlen(word);

	if (length - *at < word_bytes || strncmp(line + *at, word, word_bytes) != 0)
		return false;
	*at += word_bytes;
	return true;
}

/* The message: RFC 5424, 6. Returns its length. */
static size_t syslog_write(struct net *net, const char *line, size_t length, char *to, size_t room)
{
	struct net_syslog *syslog = &net->syslog;
	const uint8_t *own = net->guest.address;
	uint64_t seconds;
	uint32_t microseconds, severity = SEVERITY_INFORMATION;
	size_t at = syslog_read_stamp(line, length, &seconds, &microseconds);
	char when[40];
	int used;

	(void)syslog_write_time(when, sizeof(when), net->wireguard.now.unix_seconds - net->wireguard.now.ms / 1000 + seconds, microseconds);
	if (at == 0)
		string_copy(when, "-", sizeof(when));
	(void)syslog_skip(line, length, &at, "ritevisor: ");
	if (syslog_skip(line, length, &at, "error: "))
		severity = SEVERITY_ERROR;
	else if (syslog_skip(line, length, &at, "warning: "))
		severity = SEVERITY_WARNING;
	used = print_format(to, room, "<%u>1 %s %u.%u.%u.%u ritevisor - - [meta sequenceId=\"%u\"] %.*s", FACILITY_LOCAL0 + severity, when, own[0],
			    own[1], own[2], own[3], syslog->number, (int)(length - at), line + at);
	return (size_t)used < room ? (size_t)used : room - 1;
}

static void syslog_send_line(struct net *net)
{
	struct net_syslog *syslog = &net->syslog;
	char text[NET_SYSLOG_LINE_BYTES + 160];
	uint8_t frame[NET_UDP_HEADERS_BYTES + sizeof(text)];
	size_t length;

	syslog->number = syslog->number % NUMBER_MOST + 1;
	length = syslog_write(net, syslog->line, syslog->line_bytes, text, sizeof(text));
	memcpy(frame + NET_UDP_HEADERS_BYTES, text, length);
	(void)net_write_udp(frame, net_zero, net_zero, net->guest.address, syslog->server, NET_SYSLOG_PORT, syslog->port, length);
	wireguard_transmit(&net->wireguard, frame + NET_ETHERNET_BYTES, NET_UDP_HEADERS_BYTES - NET_ETHERNET_BYTES + length);
}

void net_syslog_take(struct net *net, const uint8_t *text, size_t nr_bytes)
{
	struct net_syslog *syslog = &net->syslog;

	if (!syslog->is_there || nr_bytes > TUNNEL_LOG_BYTES)
		return;
	for (size_t i = 0; i < nr_bytes; i++) {
		if (text[i] == '\n') {
			if (syslog->line_bytes != 0)
				syslog_send_line(net);
			syslog->line_bytes = 0;
		} else if (syslog->line_bytes < NET_SYSLOG_LINE_BYTES) {
			syslog->line[syslog->line_bytes++] = text[i] >= ' ' && text[i] <= '~' ? (char)text[i] : '?';
		}
	}
	if (nr_bytes == TUNNEL_LOG_BYTES)
		syslog->next_ms = net->wireguard.now.ms + NET_SYSLOG_MORE_MS;
}
