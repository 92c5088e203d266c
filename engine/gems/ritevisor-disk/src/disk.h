/*
 * disk.h: what the files of this gem share.
 */
#ifndef RITEVISOR_DISK_DISK_H
#define RITEVISOR_DISK_DISK_H

#include "rv/abi.h"

#include <mruby.h>

/* Of a Symbol or String; one that no disk has, if it is no disk's name. */
uint32_t disk_number_of(mrb_state *mrb, mrb_value name);

/* overlay.c */
void overlay_init(mrb_state *mrb);

#endif
