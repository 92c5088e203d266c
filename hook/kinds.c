/*
 * hook/kinds.c: the table of kinds, for the hypervisor.
 */
#define RV_KINDS_DEFINE
#include "rv/kinds.h"
