/*
 * tools/ritectl/extcap.h: the guests' network cards and USB buses in Wireshark's list of interfaces.
 */
#ifndef EXTCAP_H
#define EXTCAP_H

#include <stdbool.h>

/* Does Wireshark ask (wireshark's extcap(4): --extcap-..., or --capture)? */
bool extcap_is_asked(int count, char **word);
/* Answers it, or becomes the recording that it asks for. Returns the exit status. */
int extcap_perform(int count, char **word);

#endif
