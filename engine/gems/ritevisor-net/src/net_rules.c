/*
 * net_rules.c: class Nic::Rules: what `allow` and `deny` of a card have said, and its connections.
 */
#include "net.h"

#include "rules.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/data.h>
#include <mruby/presym.h>
#include <mruby/string.h>

enum { NET_CONNECTION_SETS = 512 }; /* 4,096 connections */

static void net_rules_free(mrb_state *mrb, void *memory)
{
	struct rules *rules = memory;

	if (!rules)
		return;
	for (uint32_t i = 0; i < rules->nr_rules; i++)
		mrb_free(mrb, rules->rules[i].steps);
	mrb_free(mrb, rules->connections.entries);
	mrb_free(mrb, rules);
}

static const mrb_data_type net_rules_type = { "Nic::Rules", net_rules_free };

static struct rules *net_rules_get(mrb_state *mrb, mrb_value self)
{
	struct rules *rules = mrb_data_get_ptr(mrb, self, &net_rules_type);

	if (!rules)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "uninitialized Nic::Rules");
	return rules;
}

static uint32_t net_now_s(void)
{
	uint64_t hz = engine_info()->tsc_hz;

	return hz == 0 ? 1 : (uint32_t)(engine_tsc() / hz) + 1;
}

static mrb_value rules_initialize(mrb_state *mrb, mrb_value self)
{
	struct rules *rules = mrb_calloc(mrb, 1, sizeof(*rules));

	net_rules_free(mrb, DATA_PTR(self));
	mrb_data_init(self, rules, &net_rules_type);
	return self;
}

static void net_rules_track(mrb_state *mrb, struct rules *rules)
{
	struct connection *entries;

	if (rules->connections.nr_sets != 0)
		return;
	entries = mrb_calloc(mrb, NET_CONNECTION_SETS * CONNECTIONS_WAYS, sizeof(*entries));
	connections_init(&rules->connections, entries, NET_CONNECTION_SETS, engine_random_seed());
}

/* Nic::Rules#__add(text, allows, tracks) -> its number */
static mrb_value rules_add(mrb_state *mrb, mrb_value self)
{
	struct rules *rules = net_rules_get(mrb, self);
	mrb_bool allows, tracks;
	struct rule *rule;
	mrb_value text;

	mrb_get_args(mrb, "Sbb", &text, &allows, &tracks);
	if (rules->nr_rules == RULES_MAXIMUM)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a card has %d rules at most", RULES_MAXIMUM);
	if (tracks)
		net_rules_track(mrb, rules);
	rule = &rules->rules[rules->nr_rules];
	*rule = (struct rule){ .allows = allows, .tracks = tracks };
	rule->steps = net_compile(mrb, text, &rule->nr_steps);
	return mrb_fixnum_value((mrb_int)rules->nr_rules++);
}

/* Nic::Rules#__judge(packet or String, outbound = true) -> 0: it passes, 1: it is dropped, 2: no rule fits */
static mrb_value rules_class_judge(mrb_state *mrb, mrb_value self)
{
	struct rules *rules = net_rules_get(mrb, self);
	mrb_bool outbound = TRUE;
	struct packet packet;
	mrb_value what;

	mrb_get_args(mrb, "o|b", &what, &outbound);
	net_packet_of(mrb, what, outbound, &packet);
	return mrb_fixnum_value(rules_judge(rules, &packet, net_now_s()));
}

/* Nic::Rules#connections: how many there are */
static mrb_value rules_connections(mrb_state *mrb, mrb_value self)
{
	return mrb_fixnum_value((mrb_int)connections_count(&net_rules_get(mrb, self)->connections, net_now_s()));
}

/* Nic::Rules#displaced: how many went because their place was full */
static mrb_value rules_displaced(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, net_rules_get(mrb, self)->connections.displaced);
}

/* Nic::Rules#refused: fragments that hide ports */
static mrb_value rules_refused(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, net_rules_get(mrb, self)->refused);
}

/* Nic::Rules#counts: packets that each rule has decided, and those of connections */
static mrb_value rules_counts(mrb_state *mrb, mrb_value self)
{
	const struct rules *rules = net_rules_get(mrb, self);
	mrb_value counts = mrb_ary_new_capa(mrb, (mrb_int)rules->nr_rules + 1);

	for (uint32_t i = 0; i < rules->nr_rules; i++)
		mrb_ary_push(mrb, counts, engine_from_u64(mrb, rules->rules[i].packets));
	mrb_ary_push(mrb, counts, engine_from_u64(mrb, rules->known));
	return counts;
}

void net_rules_init(mrb_state *mrb, struct RClass *nic)
{
	struct RClass *rules = mrb_define_class_under(mrb, nic, "Rules", mrb->object_class);

	MRB_SET_INSTANCE_TT(rules, MRB_TT_CDATA);
	mrb_define_method_id(mrb, rules, MRB_SYM(initialize), rules_initialize, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rules, MRB_SYM(__add), rules_add, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, rules, MRB_SYM(__judge), rules_class_judge, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, rules, MRB_SYM(connections), rules_connections, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rules, MRB_SYM(displaced), rules_displaced, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rules, MRB_SYM(refused), rules_refused, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, rules, MRB_SYM(counts), rules_counts, MRB_ARGS_NONE());
}
