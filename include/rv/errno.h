/*
 * include/rv/errno.h: the error numbers that functions return negated and that system calls hand to
 * the engine. The values are those of Linux, so that a number in a log means what readers expect.
 */
#ifndef RV_ERRNO_H
#define RV_ERRNO_H

#define RV_EPERM 1	/* not allowed: our own memory, a device that the hypervisor uses */
#define RV_ENOENT 2	/* no such hook, script, device */
#define RV_EIO 5	/* the device failed it */
#define RV_E2BIG 7	/* longer than the interface takes */
#define RV_EAGAIN 11	/* not now: no event is open, or a table is being changed */
#define RV_ENOMEM 12	/* heap quota or the hypervisor's pool exhausted */
#define RV_EACCES 13	/* the script has given this power up */
#define RV_EFAULT 14	/* a pointer that the caller may not use, or that maps nothing */
#define RV_EBUSY 16	/* taken by someone else */
#define RV_EEXIST 17	/* there already */
#define RV_EINVAL 22	/* an argument that has no meaning */
#define RV_ENOSPC 28	/* a table is full */
#define RV_ERANGE 34	/* outside what the machine has */
#define RV_ENOSYS 38	/* no such system call */
#define RV_ENODATA 61	/* it is not known yet */
#define RV_ENOTSUP 95	/* this CPU or machine cannot */
#define RV_ETIMEDOUT 110 /* the device did not answer in time */
#define RV_ECANCELED 125 /* the script failed in it */

#endif
