/*
 * rules.c: judges packets by rules.
 */
#include "rules.h"

static bool rules_know(struct rules *rules, const struct packet *packet, uint32_t now_s)
{
	if (connections_know_fragment(&rules->connections, packet, now_s))
		return true;
	return rules->connections.nr_sets != 0 && connections_know(&rules->connections, packet, now_s);
}

static enum rules_verdict rules_pass(struct rules *rules, const struct packet *packet, uint32_t now_s)
{
	connections_note_fragment(&rules->connections, packet, now_s);
	return RULES_PASS;
}

enum rules_verdict rules_judge(struct rules *rules, const struct packet *packet, uint32_t now_s)
{
	if (connections_refuse_fragment(&rules->connections, packet, now_s)) {
		rules->refused++;
		return RULES_DROP;
	}
	if (rules_know(rules, packet, now_s)) {
		rules->known++;
		return rules_pass(rules, packet, now_s);
	}
	for (uint32_t i = 0; i < rules->nr_rules; i++) {
		struct rule *rule = &rules->rules[i];

		if (!filter_run(rule->steps, rule->nr_steps, packet))
			continue;
		rule->packets++;
		if (!rule->allows)
			return RULES_DROP;
		if (rule->tracks && rules->connections.nr_sets != 0)
			connections_add(&rules->connections, packet, now_s);
		return rules_pass(rules, packet, now_s);
	}
	return RULES_UNMATCHED;
}
