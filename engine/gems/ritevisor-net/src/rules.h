/*
 * rules.h: what passes a network card: rules of which the first that fits decides, and the connections that they let be.
 */
#ifndef RITEVISOR_NET_RULES_H
#define RITEVISOR_NET_RULES_H

#include "connections.h"
#include "filter.h"

enum { RULES_MAXIMUM = 512 };

enum rules_verdict { RULES_PASS, RULES_DROP, RULES_UNMATCHED };

struct rule {
	bool allows, tracks;
	uint32_t nr_steps;
	struct filter_step *steps;
	uint64_t packets;	/* that it has decided */
};

struct rules {
	uint32_t nr_rules;
	struct rule rules[RULES_MAXIMUM];
	struct connections connections;	/* no entries: nothing is tracked */
	uint64_t known;			/* packets of connections */
	uint64_t refused;		/* fragments that hide ports */
};

/* What becomes of a packet. */
enum rules_verdict rules_judge(struct rules *rules, const struct packet *packet, uint32_t now_s);

#endif
