package dev.pollux.contract.kinds;

import dev.pollux.support.Poller;

/**
 * A thread in namespaces of its own: what it mounts, names or plugs in, nobody else sees, and it is
 * gone with the thread.
 */
final class Apart {
    private static final long MS_REC = 0x4000;
    private static final long MS_PRIVATE = 1 << 18;

    private Apart() {}

    /** Skips the test, with the reason, where the kernel does not allow it. */
    static void run(int namespaces, Thing.Act body) throws Exception {
        Kernel.requireLinux();
        Poller.run(
                        () -> {
                            Kernel.require("unshare", Kernel.C.unshare(namespaces));
                            if ((namespaces & Kernel.CLONE_NEWNS) != 0) {
                                Kernel.mount("none", "/", null, MS_REC | MS_PRIVATE);
                            }
                            body.act();
                            return null;
                        })
                .result();
    }
}
