/* call_read and call_write, as this system is best called. */
#ifdef __linux__
#include "linux_calls.h"
#else
#include "libc_calls.h"
#endif
