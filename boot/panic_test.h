/*
 * boot/panic_test.h: mistakes that the CPU has to refuse us, made on purpose: the boot option panic_by=.
 */
#ifndef BOOT_PANIC_TEST_H
#define BOOT_PANIC_TEST_H

#include "rv/types.h"

enum panic_test {
	PANIC_TEST_READ_USER = 1, /* CPL 0 reads memory of CPL 3: SMAP */
	PANIC_TEST_EXECUTE_USER,  /* and executes it: SMEP */
	PANIC_TEST_STACK,	  /* calls itself without end */
	PANIC_TEST_WRITE_TEXT,	  /* writes to our code where it runs */
	PANIC_TEST_WRITE_ALIAS,	  /* and by the direct map */
	PANIC_TEST_NMI_STACK,	  /* takes an NMI with a stack pointer that is of no use */
	PANIC_TEST_CIPHER,	  /* faults amid work with a disk's key */
	PANIC_TEST_CIPHER_STOPPED, /* works with one until the NMI comes by which another CPU's panic stops it */
	PANIC_TEST_CIPHER_CHECKED, /* works with one until a machine check comes */
	PANIC_TEST_END,
};

/* Takes a key that tests look for in memory: the boot option test_key. Context: boot, behind shutdown_init(). */
void panic_test_take_key(void);

/* Panics by the exception that comes. If none does, says so, and panics all the same. Context: boot. */
_Noreturn void panic_test(enum panic_test which);

#endif
