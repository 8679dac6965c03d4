/* call_read, call_write, call_recv, call_send and call_close, as this system is best called. */
#ifdef __linux__
#include "linux_calls.h"
#else
#include "libc_calls.h"
#endif
