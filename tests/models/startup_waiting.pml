/*
 * tests/models/startup_waiting.pml: an INIT by hardware to a CPU that catches it, and startup IPIs behind it,
 * from the first moment on, while the watch over the sender's local APIC is not on yet
 * (vmm/startup_waiting.c, vmm/signal.h, vmm/svm/svm_init.c).
 *
 * What must not be: that the CPU does not run in the end, although the sender has sent nothing behind its startup
 * IPIs.
 *
 * Each switch takes something out:
 *   NO_LOOK     nobody looks at what its local APIC was told last
 *   LOOK_FIRST  others are asked to look before the watch is in force
 */
#define STARTUPS 2
#define NONE 0
#define INIT 1
#define STARTUP 2

bool watched = false;	/* as the sender's CPU sees it: from its next exit on */
bool wanted = false;	/* as it was written */
bool kicked = false, look = false; /* the sender's */
byte last = NONE;	/* its ICR */

bool hardware_init = false;	/* at the target, pending */
bool signal_init = false, signal_startup = false, parked = false;
bool sent = false, over = false, runs = true;

/* A CPU that neither waits nor is about to would take no notice. */
inline deliver_startup() {
	atomic { assert(signal_init || parked); signal_startup = true }
}

/* What the sender's CPU does between an exit and its next entry. */
inline pass_host() {
	atomic { kicked = false; watched = wanted };
	if
	:: atomic { look -> look = false };
		if
		:: last == STARTUP -> deliver_startup()
		:: else -> skip
		fi
	:: !look -> skip
	fi
}

proctype Sender() {
	byte left = STARTUPS;

	/* INIT: hardware's, for nobody waits yet */
	atomic { last = INIT; hardware_init = true };
	do
	:: kicked -> pass_host() /* an NMI comes before any instruction */
	:: atomic { !kicked && left > 0 ->
			left--;
			if
			:: !watched -> last = STARTUP /* and hardware drops it */
			:: watched -> deliver_startup()
			fi }
	:: atomic { !kicked && left == 0 && look -> kicked = true } /* some exit comes */
	:: atomic { !kicked && left == 0 && !look && sent -> break }
	od;
	over = true
}

inline ask() {
	look = true;
	kicked = true
}

proctype Target() {
	/* The INIT exits, or is an exception. */
	hardware_init;
	atomic { hardware_init = false; signal_init = true };
	parked = true;
	atomic { signal_init = false; runs = false };
#ifdef LOOK_FIRST
	ask();
	!kicked;
#endif
	wanted = true; /* startup_watch_resume(), which waits for the sender's exit */
	kicked = true;
	!kicked;
#if !defined(NO_LOOK) && !defined(LOOK_FIRST)
	ask();
#endif
	sent = true;
	signal_startup || over;
	atomic { runs = signal_startup; assert(runs) }
}

init {
	atomic {
		run Target();
		run Sender()
	}
}
