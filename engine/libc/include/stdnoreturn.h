/* stdnoreturn.h - functions that do not return. */
#ifndef ENGINE_STDNORETURN_H
#define ENGINE_STDNORETURN_H

#define noreturn _Noreturn

#endif
