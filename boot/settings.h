/*
 * boot/settings.h: words of the boot line that nobody knows.
 */
#ifndef BOOT_SETTINGS_H
#define BOOT_SETTINGS_H

/* Warns of each word that is no option and that no script takes by `setting`, with the nearest name that
 * there is. Scripts that read ARGV or Machine.settings may take any. Context: boot, once options and scripts
 * are there. */
void settings_check(void);

#endif
