/*
 * include/rv/version.h: the version, for programs and, read as text, for the tools.
 */
#ifndef RV_VERSION_H
#define RV_VERSION_H

#define RV_VERSION "0.5.0"

#endif
