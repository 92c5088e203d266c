/*
 * vmm/nested_table.h: the nested page tables, one set for all vCPUs: guest-physical is host-physical, with
 * the largest pages that fit; what is ours, and pages denied for mediation, are not mapped. SVM's and VMX's
 * differ in the bits of an entry, and in when one page may map a range; the back ends say these.
 */
#ifndef VMM_NESTED_TABLE_H
#define VMM_NESTED_TABLE_H

#include "rv/types.h"

/* Levels are counted from 0, pages of 4 KiB. The address, and the bit of a large page, are the same for both. */
struct nested_format {
	uint64_t rights; /* of an entry that allows all, a table's too; none of them set: there is nothing */
	uint64_t write;	 /* which of these allows writes */
	uint64_t noted;	 /* what the CPU sets by itself */
	/* The entry of a page of that level that maps hpa to itself with all rights. False: its range must be
	 * mapped in smaller ones; never with level 0. Whether our memory is there is not its business. */
	bool (*encode)(hpa_t hpa, unsigned level, uint64_t *entry);
};

/* Makes the tables for RAM and for 4 GiB at least, and sets vcpu_nested_limit to what that many bits of an
 * address, or four levels, reach. 0 or -RV_ENOMEM. Context: boot. */
int nested_create(const struct nested_format *format, unsigned address_bits);

/* The top table, 512 entries. */
hpa_t nested_root(void);

/* Maps what lies above what nested_create() mapped; false if the address is not to be mapped. Context: exit. */
bool nested_map_on_demand(gpa_t gpa);

/* What the guest may do with a page of 4 KiB: nothing; read and execute; everything, which is the identity.
 * The caller sees to it that no CPU goes on with what it had (vcpu_intercepts_changed()). -RV_ERANGE: there
 * is no such address; -RV_ENOMEM; nested_restore_page(): -RV_EPERM for our memory. Context: boot, exit. */
int nested_deny_page(gpa_t gpa);
int nested_protect_page(gpa_t gpa);
int nested_restore_page(gpa_t gpa);
/* Maps a page of the guest's somewhere else; also one in the place of a page of ours. Likewise. */
int nested_move_page(gpa_t gpa, hpa_t to);

/* Puts one page of 2 MiB (level 1) or 1 GiB (level 2) in the place of the table there, if that says no
 * more. The table, to be freed when no CPU walks it any more; NULL: there is none to free. */
void *nested_merge(gpa_t gpa, unsigned level);

/* What encode() goes by changes, in change(), and all entries with it, but for their addresses and rights.
 * Without memory to split a page it stays as it is. Context: exit. */
void nested_change(void (*change)(void));

#endif
