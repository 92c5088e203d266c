/* string_error.c - messages for the error numbers that can occur here. */
#include <errno.h>
#include <string.h>

static const struct {
	int number;
	const char *message;
} error_messages[] = {
	{ 0, "No error information" },
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ EINTR, "Interrupted system call" },
	{ EIO, "I/O error" },
	{ E2BIG, "Argument list too long" },
	{ EBADF, "Bad file descriptor" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ENOMEM, "Out of memory" },
	{ EACCES, "Permission denied" },
	{ EFAULT, "Bad address" },
	{ EBUSY, "Resource busy" },
	{ EEXIST, "File exists" },
	{ ENODEV, "No such device" },
	{ ENOTDIR, "Not a directory" },
	{ EISDIR, "Is a directory" },
	{ EINVAL, "Invalid argument" },
	{ ENOTTY, "Not a tty" },
	{ ENOSPC, "No space left on device" },
	{ ESPIPE, "Invalid seek" },
	{ EROFS, "Read-only file system" },
	{ EPIPE, "Broken pipe" },
	{ EDOM, "Domain error" },
	{ ERANGE, "Result not representable" },
	{ ENAMETOOLONG, "Filename too long" },
	{ ENOSYS, "Function not implemented" },
	{ EOVERFLOW, "Value too large for data type" },
	{ EILSEQ, "Illegal byte sequence" },
	{ ENOTSUP, "Not supported" },
	{ ETIMEDOUT, "Operation timed out" },
};

char *strerror(int number)
{
	for (size_t i = 0; i < sizeof(error_messages) / sizeof(error_messages[0]); i++) {
		if (error_messages[i].number == number)
			return (char *)error_messages[i].message;
	}
	return (char *)"Unknown error";
}
