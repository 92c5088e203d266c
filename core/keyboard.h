/*
 * core/keyboard.h: a PC's keyboard by its controller (8042; IBM PS/2 Hardware Interface TR, "Keyboard and Auxiliary
 * Device Controller"), polled, while nobody else uses it.
 */
#ifndef CORE_KEYBOARD_H
#define CORE_KEYBOARD_H

#include "rv/types.h"

/* Does a controller answer? Context: any. */
bool keyboard_is_there(void);

/* Takes it: scan code set 1, no interrupts, the pointing device silent, all lights on. What was typed before is
 * forgotten. False: no controller, or none that obeys. Takes a second at most. Context: boot, exit. */
bool keyboard_take(void);

/* A byte that the keyboard has sent. False: there is none. Context: between keyboard_take() and keyboard_give_back(). */
bool keyboard_read(uint8_t *byte);

/* As it was, lights off. Context: likewise. */
void keyboard_give_back(void);

#endif
