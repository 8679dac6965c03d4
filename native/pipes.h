/* Descriptors that are close-on-exec and non-blocking from birth where the system can. */
#ifndef POLLUX_PIPES_H
#define POLLUX_PIPES_H

#ifdef SOCK_CLOEXEC

static inline int open_pipe(int *fds) { return pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0; }

static inline int open_socketpair(int *fds) {
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

static inline int accept_marked(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

#else /* macOS */

static inline int accept_marked(int listener) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd < 0 ? -errno : fd;
}

static inline int mark(int *fds) {
    for (int i = 0; i < 2; i++) {
        if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) < 0 || fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0) {
            int error = errno;
            close(fds[0]);
            close(fds[1]);
            return -error;
        }
    }
    return 0;
}

static inline int open_pipe(int *fds) { return pipe(fds) < 0 ? -errno : mark(fds); }

static inline int open_socketpair(int *fds) {
    return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ? -errno : mark(fds);
}

#endif
#endif
