/*
 * engine/vm/hash.c: mruby's hash.c, included whole and unchanged, for the collector: hashes marked in
 * slices, and the write barrier that Hash#replace lacks.
 */
#include "vm/collector.h"

#include <mruby/hash.h>
#include <mruby/internal.h>

#define mrb_init_hash hash_init_mruby
#include "src/hash.c"
#undef mrb_init_hash

/* A deleted entry's value is what it was, and its object may be gone. */
size_t collector_mark_hash(mrb_state *mrb, struct RHash *hash, size_t end, size_t count)
{
	const hash_entry *entries = h_ar_p(hash) ? ar_ea(hash) : ht_ea(hash);
	size_t used = h_ar_p(hash) ? ar_ea_n_used(hash) : ht_ea_n_used(hash), first;

	if (end > used)
		end = used;
	first = end > count ? end - count : 0;
	for (size_t i = first; i < end; i++) {
		if (entry_deleted_p(&entries[i]))
			continue;
		mrb_gc_mark_value(mrb, entries[i].key);
		mrb_gc_mark_value(mrb, entries[i].val);
	}
	return first;
}

static mrb_value hash_initialize_copy(mrb_state *mrb, mrb_value self)
{
	mrb_hash_init_copy(mrb, self);
	mrb_write_barrier(mrb, mrb_basic_ptr(self));
	return self;
}

void mrb_init_hash(mrb_state *mrb)
{
	struct RClass *class;

	hash_init_mruby(mrb);
	class = mrb->hash_class;
	mrb_define_method_id(mrb, class, MRB_SYM(initialize_copy), hash_initialize_copy, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_SYM(replace), hash_initialize_copy, MRB_ARGS_REQ(1));
}
