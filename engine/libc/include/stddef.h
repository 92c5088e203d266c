/* stddef.h - basic types. */
#ifndef ENGINE_STDDEF_H
#define ENGINE_STDDEF_H

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef struct {
	long long __first;
	long long __second;
} __attribute__((aligned(16))) max_align_t;

#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)

#endif
