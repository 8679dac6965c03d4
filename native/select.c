/*
 * select over sets of any size: the sets are memory of the caller's, sized by the largest
 * descriptor, and neither fd_set nor the FD_ macros, which end at 1024, are used on them.
 */
#define _DARWIN_UNLIMITED_SELECT /* macOS: select$DARWIN_EXTSN, which looks beyond 1024 */
#include "pollux.h"

#include <errno.h>
#include <sys/select.h>

/* micros: -1 waits for ever */
jint pollux_select(JNIEnv *env, jobject self, jint nfds, jlong reads, jlong writes, jlong excepts, jlong micros) {
    (void)env, (void)self;
    struct timeval timeout = {(time_t)(micros / 1000000), (suseconds_t)(micros % 1000000)};
    int rc = select(nfds, pointer(reads), pointer(writes), pointer(excepts), micros < 0 ? NULL : &timeout);
    return rc < 0 ? -errno : rc;
}
