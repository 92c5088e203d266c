/*
 * net_filter.c: class PacketFilter: what `match:` takes.
 */
#include "net.h"

#include "filter.h"

#include <mruby/class.h>
#include <mruby/data.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

struct net_filter {
	uint32_t nr_steps;
	struct filter_step *steps;
};

static void net_filter_free(mrb_state *mrb, void *memory)
{
	struct net_filter *filter = memory;

	if (filter)
		mrb_free(mrb, filter->steps);
	mrb_free(mrb, filter);
}

static const mrb_data_type net_filter_type = { "PacketFilter", net_filter_free };

enum { NET_FILTER_TEXT_BYTES = 4096 };

struct filter_step *net_compile(mrb_state *mrb, mrb_value text, uint32_t *nr_steps)
{
	char error[FILTER_ERROR_BYTES];
	struct filter *filter;
	bool good;

	mrb_ensure_string_type(mrb, text);
	if (RSTRING_LEN(text) > NET_FILTER_TEXT_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "match: takes %d bytes at most", NET_FILTER_TEXT_BYTES);
	filter = mrb_malloc(mrb, sizeof(*filter));
	good = filter_compile(filter, RSTRING_PTR(text), (size_t)RSTRING_LEN(text), error);
	if (!good) {
		mrb_free(mrb, filter);
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "match: %s, in %v", error, mrb_inspect(mrb, text));
	}
	*nr_steps = filter->nr_steps;
	memmove(filter, filter->steps, filter->nr_steps * sizeof(filter->steps[0]));
	return mrb_realloc(mrb, filter, *nr_steps * sizeof(filter->steps[0]));
}

/* PacketFilter#initialize(text) */
static mrb_value filter_initialize(mrb_state *mrb, mrb_value self)
{
	struct net_filter *filter = mrb_calloc(mrb, 1, sizeof(*filter));

	net_filter_free(mrb, DATA_PTR(self));
	mrb_data_init(self, filter, &net_filter_type);
	filter->steps = net_compile(mrb, mrb_get_arg1(mrb), &filter->nr_steps);
	return self;
}

/* PacketFilter#match?(packet or String, outbound = true) */
static mrb_value filter_matches(mrb_state *mrb, mrb_value self)
{
	const struct net_filter *filter = mrb_data_get_ptr(mrb, self, &net_filter_type);
	mrb_bool outbound = TRUE;
	struct packet packet;
	mrb_value what;

	mrb_get_args(mrb, "o|b", &what, &outbound);
	if (!filter || !filter->steps)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "uninitialized PacketFilter");
	net_packet_of(mrb, what, outbound, &packet);
	return mrb_bool_value(filter_run(filter->steps, filter->nr_steps, &packet));
}

void net_filter_init(mrb_state *mrb)
{
	struct RClass *filter = mrb_define_class(mrb, "PacketFilter", mrb->object_class);

	MRB_SET_INSTANCE_TT(filter, MRB_TT_CDATA);
	mrb_define_method_id(mrb, filter, MRB_SYM(initialize), filter_initialize, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, filter, MRB_SYM_Q(match), filter_matches, MRB_ARGS_ARG(1, 1));
}
