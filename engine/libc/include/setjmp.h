/* setjmp.h - non-local jumps: six saved registers, stack pointer and return address. */
#ifndef ENGINE_SETJMP_H
#define ENGINE_SETJMP_H

typedef unsigned long jmp_buf[8];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);
int _setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void _longjmp(jmp_buf, int);

#define setjmp setjmp

#endif
