/* fenv.h - the floating environment: to nearest is the only mode, and nothing is flagged. */
#ifndef ENGINE_FENV_H
#define ENGINE_FENV_H

#define FE_TONEAREST	0
#define FE_ALL_EXCEPT	0

typedef unsigned int fenv_t;
typedef unsigned int fexcept_t;

static inline int fegetround(void)
{
	return FE_TONEAREST;
}

static inline int fesetround(int __mode)
{
	return __mode != FE_TONEAREST;
}

static inline int feclearexcept(int __mask)
{
	(void)__mask;
	return 0;
}

static inline int fetestexcept(int __mask)
{
	(void)__mask;
	return 0;
}

#endif
