/*
 * tests/models/cpu_life.pml: the life of one CPU of the guest's, and two others that send it INITs, startup
 * IPIs and NMIs, change intercepts, and free what it may look at (vmm/kick.c, vmm/signal.h,
 * vmm/startup.c, vmm/run.h, vmm/grace.c). Memory is sequentially consistent, as those accesses are.
 *
 * What must not be: code of the guest's outside of it; an instruction of the guest under an intercept's old
 * state once the change is in force; a look at what is freed; a wait without end, or a CPU that sleeps for
 * ever with something to do (spin finds these as invalid end states).
 *
 * Each switch takes a mend out again:
 *   GUEST_TABLE  INITs and startup IPIs go to hardware, and the CPU comes to us through real mode, where an NMI
 *                takes the interrupt vector table of the guest
 *   GIVE_UP      who waits for an answer to a kick goes on when none comes for long
 *   REDIRECT     the same way, by code of ours in the page that the guest names, while a host-side writer still
 *                holds a pointer to that page
 */
#if defined(GUEST_TABLE) || defined(REDIRECT)
#define BY_HARDWARE 1
#endif

#define SENDER_ACTIONS 3
#define CHANGER_ACTIONS 2
#define GUEST_EXITS 1

/* The CPU's entry in the table. */
bool in_guest = false, parked = true, kicked = false;
bool signal_init = false, signal_startup = false;
byte exits = 0;
byte generation_seen = 0;

/* The hardware: one NMI is remembered, and INIT and startup IPI go where it says. */
bool nmi = false, deaf = false;
bool hardware_init = false, hardware_startup = false;

/* What the others change. */
byte generation = 0;  /* of intercepts */
byte in_force = 0;    /* the youngest that somebody returned with */
bool linked = true, freed = false, holding = false;
bool page_is_ours = false;
byte senders_left = 2;

/* What is asserted, by name, so that a run says what was violated. */
bool nmi_by_the_guests_table = false;

inline kick_if(condition) {
	if
	:: condition ->
		if
		:: atomic { !kicked -> kicked = true };
			d_step { nmi = nmi || !deaf } /* or its APIC has another ID */
		:: kicked -> skip /* one is on its way */
		fi
	:: else -> skip
	fi
}

/* vmm/kick.c: kick_others(), as seen from one that changed an intercept. */
inline change_intercept() {
	generation++;
	wanted = generation;
	kick_if((in_guest && !parked));
	if
	:: !(kicked && in_guest && !parked) -> skip
	:: (kicked && in_guest && !parked) -> /* late */
#ifdef GIVE_UP
		skip
#else
		nmi = true; /* to all, whatever their IDs */
		!(kicked && in_guest && !parked)
#endif
	fi;
	atomic { in_force = wanted; wanted = 0 }
}

/* vmm/grace.c: unlinked, then freed when the CPU has been in its guest since. */
inline free_after_grace() {
	if
	:: atomic { linked -> linked = false };
		snapshot = exits;
		(exits == 0 || exits != snapshot || in_guest || parked);
		atomic { freed = true; snapshot = 0 }
	:: !linked -> skip
	fi
}

inline send_init() {
#ifdef BY_HARDWARE
	hardware_init = true
#else
	atomic { signal_init = true; signal_startup = false };
	kick_if((in_guest || parked))
#endif
}

inline send_startup() {
#ifdef BY_HARDWARE
	page_is_ours = true; /* the redirect is written, then the IPI sent */
	hardware_startup = true
#else
	if
	:: atomic { (signal_init || parked) && !signal_startup -> signal_startup = true };
		kick_if((in_guest || parked))
	:: !(signal_init || parked) || signal_startup -> skip
	fi
#endif
}

/* A CPU whose guest sends. */
proctype Sender() {
	byte left = SENDER_ACTIONS;

	do
	:: left > 0 ->
		left--;
		if
		:: send_init()
		:: send_startup()
		:: nmi = true
		fi
	:: true -> break
	od;
	senders_left--
}

/* A CPU whose exits, or scripts, change what the others run under. */
proctype Changer() {
	byte left = CHANGER_ACTIONS, wanted = 0, snapshot = 0;

	do
	:: left > 0 ->
		left--;
		if
		:: change_intercept()
		:: free_after_grace()
		fi
	:: true -> break
	od;
	senders_left--
}

#ifdef REDIRECT
/* An access of another CPU's that the hypervisor emulates, or a script's write: the page was looked up
 * before it became ours. */
proctype Writer() {
	page_is_ours = false
}
#endif

/* What a variable of its own holds when nobody reads it any more only makes states that differ in nothing. */
inline forget() {
	waits = false; got_init = false; got_startup = false; was_nmi = false
}

proctype Cpu() {
	bool waits, got_init, got_startup;
	byte exits_left = GUEST_EXITS;
	bool was_nmi;

	/* From boot on: parked, startup_wait_for_guest(), or going on in firmware, startup_continue(). */
	if
	:: parked -> goto park
	:: !parked -> skip
	fi;

enter: /* run_prepare() */
	in_guest = true;
	if
	:: !(signal_init || signal_startup) -> goto flush
	:: else -> skip
	fi;
take: /* startup_take_signals() */
	in_guest = false;
	waits = parked;
	parked = true;
	atomic { got_init = signal_init; got_startup = signal_startup; signal_init = false; signal_startup = false };
	if
	:: (waits || got_init) && got_startup -> parked = false
	:: got_init && !got_startup -> goto park
	:: else -> parked = waits
	fi;
	atomic { forget(); in_guest = true };
	if
	:: signal_init || signal_startup -> goto take
	:: else -> skip
	fi;
flush:
	if
	:: generation_seen != generation -> generation_seen = generation
	:: else -> skip
	fi;

guest: /* An NMI is taken before any instruction. */
	if
	:: atomic { nmi -> nmi = false; was_nmi = true }
#ifdef BY_HARDWARE
	:: hardware_init -> goto stopped
#endif
	:: atomic { !nmi -> assert(generation_seen >= in_force) };
		if
		:: goto guest
		:: atomic { !deaf -> deaf = true }; goto guest
		:: atomic { exits_left > 0 -> exits_left--; was_nmi = false }
		fi
	:: atomic { senders_left == 0 && !nmi -> goto over }
	fi;
	exits++; /* run_finish() */
	in_guest = false;
	if
	:: was_nmi -> kicked = false
	:: else -> /* the exit's handler walks a chain */
		holding = linked;
		atomic { assert(!(holding && freed)); holding = false }
	fi;
	forget();
	goto enter;

#ifdef BY_HARDWARE
stopped: /* By the hardware, which tells nobody: it waits for a startup IPI, and remembers NMIs. */
	atomic { hardware_init = false; in_guest = false; parked = true };
	if
	:: atomic { hardware_startup -> hardware_startup = false }
	:: atomic { senders_left == 0 && !hardware_startup -> goto over }
	fi;
#ifdef REDIRECT
	assert(page_is_ours);
#endif
	/* In real mode, until IDT and long mode are ours. */
	if
	:: atomic { nmi -> nmi = false };
#ifdef GUEST_TABLE
		nmi_by_the_guests_table = true;
		assert(!nmi_by_the_guests_table)
#endif
	:: skip
	fi;
	kicked = false;
	parked = false;
	goto enter;
#endif

park: /* startup_park(): asleep in the host, until an NMI */
#ifdef BY_HARDWARE
	goto stopped;
#else
	if
	:: signal_init || signal_startup -> skip
	:: atomic { nmi -> nmi = false }; kicked = false
	:: atomic { senders_left == 0 && !nmi && !signal_init && !signal_startup -> goto over }
	fi;
	/* One that came behind the look, or with it. */
	if
	:: atomic { nmi -> nmi = false }; kicked = false
	:: skip
	fi;
	atomic { got_init = signal_init; got_startup = signal_startup; signal_init = false; signal_startup = false };
	if
	:: got_startup -> atomic { parked = false; forget(); goto enter }
	:: else -> goto park
	fi;
#endif

over:
	in_guest = in_guest
}

init {
	atomic {
#ifndef BY_HARDWARE
		if
		:: parked = false
		:: skip
		fi;
#endif
		run Cpu();
		run Sender();
		run Changer();
#ifdef REDIRECT
		run Writer()
#endif
	}
}
