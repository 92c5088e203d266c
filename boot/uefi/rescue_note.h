/*
 * boot/uefi/rescue_note.h: offsets in struct rescue_note (boot/uefi/rescue.c), for assembly.
 */
#ifndef BOOT_UEFI_RESCUE_NOTE_H
#define BOOT_UEFI_RESCUE_NOTE_H

#define RESCUE_NOTE_ATTRIBUTES 8
#define RESCUE_NOTE_DATA_BYTES 16
#define RESCUE_NOTE_VENDOR 24
#define RESCUE_NOTE_NAME 40
#define RESCUE_NOTE_DATA 80

#endif
