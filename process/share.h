/*
 * process/share.h: how much of a CPU's time something may take: what it may spend grows with the time that goes by, up
 * to a burst, and what it has spent beyond that it waits for. Arithmetic only; its owner locks it.
 */
#ifndef PROCESS_SHARE_H
#define PROCESS_SHARE_H

#include "rv/types.h"

struct share {
	uint64_t percent, burst_tsc;
	uint64_t left_tsc;  /* to spend; 0 while there is a debt */
	uint64_t debt_tsc;
	uint64_t seen_tsc;  /* earned for the time until then */
};

static inline void share_begin(struct share *share, uint64_t percent, uint64_t burst_tsc, uint64_t now)
{
	*share = (struct share){ .percent = percent, .burst_tsc = burst_tsc, .left_tsc = burst_tsc, .seen_tsc = now };
}

static inline void share_earn(struct share *share, uint64_t now)
{
	uint64_t earned;

	/* Another CPU's TSC may be a little behind. What is below a hundredth is earned later. */
	if (now <= share->seen_tsc || now - share->seen_tsc < 100)
		return;
	earned = (now - share->seen_tsc) / 100 * share->percent;
	share->seen_tsc = now;
	if (earned <= share->debt_tsc) {
		share->debt_tsc -= earned;
		return;
	}
	earned -= share->debt_tsc;
	share->debt_tsc = 0;
	share->left_tsc = earned > share->burst_tsc - share->left_tsc ? share->burst_tsc : share->left_tsc + earned;
}

static inline void share_spend(struct share *share, uint64_t now, uint64_t spent_tsc)
{
	share_earn(share, now);
	if (spent_tsc <= share->left_tsc) {
		share->left_tsc -= spent_tsc;
		return;
	}
	share->debt_tsc += spent_tsc - share->left_tsc;
	share->left_tsc = 0;
}

/* May it have time now? */
static inline bool share_is_there(const struct share *share)
{
	return share->left_tsc != 0;
}

/* If not, at which TSC there is some again; 0: now. After share_earn() or share_spend(). */
static inline uint64_t share_when(const struct share *share)
{
	return share->left_tsc != 0 ? 0 : share->seen_tsc + (share->debt_tsc / share->percent + 1) * 100;
}

#endif
