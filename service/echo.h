/*
 * service/echo.h: what the service `echo` does with a record: it is there to try services with. A record's tag says
 * what; the answer has the same tag.
 */
#ifndef SERVICE_ECHO_H
#define SERVICE_ECHO_H

enum echo_ring {
	ECHO_IN,
	ECHO_OUT,
	ECHO_RINGS,
};

enum echo_work {
	ECHO_BACK,     /* gives it back */
	ECHO_LATER,    /* gives it back after so many microseconds as its first 8 bytes say; one at a time */
	ECHO_WORK,     /* squares numbers for so many rounds as its first 8 bytes say, and gives the last */
	ECHO_RANDOM,   /* gives 16 random bytes; none, if the CPU has none */
	ECHO_LOG,      /* logs it */
	ECHO_STARTS,   /* gives how often it was started */
	/* And what it must not do: */
	ECHO_SPIN,     /* never ends its turn */
	ECHO_FAULT,    /* writes where it has no memory */
	ECHO_EXIT,     /* ends */
	ECHO_OVERFLOW, /* uses more stack than it has */
	ECHO_INDEX,    /* says that it wrote more than its ring holds */
	ECHO_UNREAD,   /* says that it read what was never written to it */
	ECHO_LENGTH,   /* writes a record that is longer than its ring */
	ECHO_FLOOD,    /* logs without end, and spins */
	ECHO_CALL,     /* asks for all that scripts may ask for; gives how much of it it got: 0 */
};

#endif
