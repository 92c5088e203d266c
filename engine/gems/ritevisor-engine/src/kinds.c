/*
 * kinds.c: the table of kinds, for the engine.
 */
#define RV_KINDS_DEFINE
#include "rv/kinds.h"
