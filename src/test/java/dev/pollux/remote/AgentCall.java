package dev.pollux.remote;

/** The calls that the agent makes, by its names. */
enum AgentCall {
    ping,
    read(true),
    write(true),
    readv(true),
    writev(true),
    pread,
    openMarked,
    acceptMarked,
    connectInternet,
    connectUnix,
    socketError,
    isListening,
    sendfile,
    splice,
    pipeCapacity,
    close,
    pipe,
    socketpair,
    setNonBlocking,
    isNonBlocking,
    unread,
    isOpen,
    socketType,
    fileStatus,
    errorText,
    eventfd,
    epollCreate,
    epollReplace,
    epollCtl,
    epollWait(true),
    epollPwait2(true),
    kqueue,
    keventChange,
    keventWait(true),
    poll(true),
    ppoll(true),
    select(true),
    dup,
    dup2,
    open,
    fcntl,
    mkfifo,
    shutdown,
    send,
    recv,
    socket,
    bind,
    listen,
    accept,
    connect,
    getsockname,
    setsockopt,
    posix_openpt,
    grantpt,
    unlockpt,
    ptsname,
    inotify_init1,
    timerfd_create,
    timerfd_after,
    numbers,
    temporary,
    signalOthers;

    /** Whether a thread that is in it may sleep. */
    final boolean waits;

    AgentCall() {
        this(false);
    }

    AgentCall(boolean waits) {
        this.waits = waits;
    }
}
