/*
 * tests/models/held_request.pml: a request that a script has wait, and who may end that: the script, its death,
 * the time, a reset of the device (hook/hook_hold.c, vmm/deadline.c, mediator/request.c and a device's
 * resume()). The device has one place for a request, and uses it again.
 *
 * What must not be: a request that ends twice, or never; one that goes on when the place is another's already; a
 * script that is told twice that it has decided; a decision that is lost because the request does not wait yet.
 *
 * Each switch takes a mend out again:
 *   BLIND_CANCEL  a reset does not look whether the request's deadline is being seen to already
 *   REUSE         a reset gives the place back whoever has the request
 *   DECIDE_TWICE  a decision does not look whether there was one
 *   LATE          the request begins to wait when the script's lock is let go of, not before
 *   ANSWER_UNTAKEN  the script gives the answer's bytes while time and a reset may end the request
 *   TAKEN_STAYS   a script's death does not see to what it had taken to answer
 */
#define REQUESTS 2

bool owner_lock = false, device_lock = false; /* the list's and the deadlines' are held in atomic steps only */
bool is_set = false;	/* the deadline */
bool waits = false;	/* in the list */
bool has_waited = false; /* or does, the request that the handle is of */
bool decided = false;
bool asked = false;	/* the place is taken */
bool block_over = false; /* the script has the handle */
byte round = 0, asked_round = 0;
byte ends = 0, told = 0;
bool guest_done = false;
bool taken = false;	/* by the script, to answer it */
byte serial = 0;	/* of the request that has the place */

inline acquire(lock) { atomic { !lock -> lock = true } }
inline release(lock) { lock = false }

inline end_request() {
	ends++;
	assert(ends == 1);
	asked = false
}

inline begin_to_wait() {
	atomic { waits = true; has_waited = true; decided = false; is_set = true }
}

/* The device's CPU: a command, and perhaps a reset. */
proctype Device() {
	byte left = REQUESTS;
	bool cancelled = false;

	do
	:: left > 0 ->
		left--;
		!asked; /* a busy device takes no command */
		acquire(device_lock);
		d_step { asked = true; serial++; asked_round = round; ends = 0; told = 0; block_over = false; has_waited = false };
		release(device_lock);
		acquire(owner_lock);
#ifdef LATE
		block_over = true;
		release(owner_lock);
		begin_to_wait();
#else
		begin_to_wait();
		block_over = true;
		release(owner_lock);
#endif
		if
		:: acquire(device_lock);
			round++;
			if
			:: asked ->
#ifdef BLIND_CANCEL
				atomic { cancelled = waits; waits = false; is_set = false };
#else
				atomic { cancelled = waits && is_set;
					if
					:: cancelled -> waits = false; is_set = false
					:: else -> skip
					fi
				};
#endif
#ifdef REUSE
				cancelled = true;
#endif
				if
				:: cancelled -> d_step { end_request(); cancelled = false }
				:: else -> skip /* resume() sees the round */
				fi
			:: else -> skip
			fi;
			release(device_lock)
		:: true -> skip
		fi
	:: left == 0 -> break
	od;
	guest_done = true
}

/* Some CPU that looks after deadlines. */
proctype Clock() {
	do
	:: atomic { is_set -> is_set = false };
		atomic { assert(waits); waits = false };
		acquire(device_lock);
		assert(asked);
		if
		:: round == asked_round -> d_step { end_request() }
		:: else -> d_step { end_request() } /* ended by the reset */
		fi;
		release(device_lock)
	:: guest_done && !is_set && !asked && !taken -> break
	od
}

/* The script, in another event of its own; its death is a decision too, by on_error. */
proctype Owner() {
	byte left = REQUESTS + 1, answered = 0;
	bool found = false;

	do
	:: left > 0 ->
		left--;
		acquire(owner_lock);
		if
		:: atomic { block_over ->
#ifdef DECIDE_TWICE
				found = waits;
#else
				found = waits && !decided;
#endif
				assert(has_waited); /* or the decision is lost */
				if
				:: found -> decided = true; told++; assert(told == 1)
				:: else -> skip
				fi;
				found = false
			}
		/* An answer: the request is out of the time's hands before its data are written. */
		:: atomic { block_over && waits && !decided && is_set ->
				answered = serial;
#ifndef ANSWER_UNTAKEN
				is_set = false; taken = true
#endif
			};
			assert(asked && serial == answered); /* or it is another's memory */
			if
			:: atomic { true ->
#ifdef ANSWER_UNTAKEN
					if
					:: waits && !decided && is_set -> decided = true; told++; assert(told == 1)
					:: else -> skip
					fi
#else
					decided = true; told++; assert(told == 1); taken = false; is_set = true
#endif
				}
#ifndef ANSWER_UNTAKEN
			:: true -> /* it dies amid that: hook_hold_abandon() */
				atomic {
#ifndef TAKEN_STAYS
					decided = true; is_set = true;
#endif
					taken = false
				}
#endif
			fi
		:: else -> skip
		fi;
		release(owner_lock)
	:: true -> break
	od
}

init { atomic { run Device(); run Clock(); run Owner() } }
