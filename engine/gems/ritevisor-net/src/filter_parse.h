/*
 * filter_parse.h: what the files of the compiler share.
 */
#ifndef RITEVISOR_NET_FILTER_PARSE_H
#define RITEVISOR_NET_FILTER_PARSE_H

#include "filter.h"

enum { FILTER_NESTING_MAXIMUM = 24 };

enum filter_token {
	FILTER_TOKEN_END, FILTER_TOKEN_WORD, FILTER_TOKEN_SIGN, /* '(', '<' ...; two characters: SIGN(a, b) */
};

#define FILTER_SIGN(first, second) ((unsigned int)(first) << 8 | (unsigned int)(second))

/* Where the reader is. It is small, so that one can come back to where one was. */
struct filter_place {
	const char *at;		/* behind the token */
	const char *token;
	size_t length;
	enum filter_token kind;
	unsigned int sign;
	int brackets;		/* within [ ]: ':' and '/' belong to no word */
};

/* "tcp dst port": what stands before a name. */
struct filter_qualifiers {
	int layer;		/* of filter_layers, -1: none */
	int side;		/* enum filter_side, 0: none */
	int type;		/* enum filter_type */
};

enum filter_type { FILTER_TYPE_NONE, FILTER_TYPE_HOST, FILTER_TYPE_NET, FILTER_TYPE_PORT, FILTER_TYPE_PORTRANGE,
		   FILTER_TYPE_PROTO };

struct filter_parser {
	struct filter_place place;
	const char *end;
	struct filter *filter;
	struct filter_qualifiers last;	/* of the last name: `port 80 or 443` */
	int nesting;
	char *error;
};

/* filter_lex.c ---------------------------------------------------------------------------- */

void filter_next(struct filter_parser *parser);

bool filter_at_word(const struct filter_parser *parser, const char *word);
bool filter_at_sign(const struct filter_parser *parser, char first, char second);

/* Takes it, if it is there. */
bool filter_take_word(struct filter_parser *parser, const char *word);
bool filter_take_sign(struct filter_parser *parser, char first, char second);

/* The token as a number: decimal, 0x or 0 before octal. */
bool filter_word_number(const struct filter_parser *parser, uint32_t *number);

/* Takes a number up to `maximum`, or says what was wanted. */
bool filter_take_number(struct filter_parser *parser, uint32_t maximum, const char *wanted, uint32_t *number);

/* Says what is wrong, and where; the first who says so counts. Returns false. */
bool filter_fail(struct filter_parser *parser, const char *what);

/* Appends a step. */
bool filter_emit(struct filter_parser *parser, struct filter_step step);

/* filter_names.c -------------------------------------------------------------------------- */

/* Words of the language that say whose header or packets: "tcp". `ethertype` 0: not one of Ethernet's; `protocol` -1:
 * none of IP's; `layers`: bits of FILTER_IP and FILTER_IP6 of which it is one; `header`: what [ ] looks into, -1: nothing */
struct filter_layer_name {
	const char *name;
	uint16_t ethertype;
	int16_t protocol;
	uint8_t layers;
	int8_t header;
};

extern const struct filter_layer_name filter_layers[];

/* The number of the token in filter_layers; -1: it is none. */
int filter_layer_at(const struct filter_parser *parser);

/* tcp-syn, icmp-echo, tcpflags and so on. */
bool filter_constant_at(const struct filter_parser *parser, uint32_t *number);

/* The port of a service; false: it is none that is known. */
bool filter_service_at(const struct filter_parser *parser, uint32_t *port);

/* Has the language words that are none here? */
bool filter_is_unsupported(const struct filter_parser *parser);

/* filter_primitive.c ---------------------------------------------------------------------- */

/* "tcp dst port 80", "ip", "vlan 5" */
bool filter_primitive(struct filter_parser *parser);

/* A name, or several in parentheses, with what was said before it. */
bool filter_names(struct filter_parser *parser, const struct filter_qualifiers *qualifiers);

/* filter_relation.c ----------------------------------------------------------------------- */

/* "ip[0] & 15 > 5". *is_one: was it one? If not, nothing was taken. */
bool filter_relation(struct filter_parser *parser, bool *is_one);

#endif
