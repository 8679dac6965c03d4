package dev.pollux.support;

import com.kenai.jffi.MemoryIO;
import java.io.IOException;
import jnr.ffi.LibraryLoader;

/** {@code man 2 seccomp}: a filter over the system calls of this thread, and of those it starts. */
public final class Seccomp {
    /** io_uring_setup says EPERM. */
    public static final String REFUSE = "refuse";

    /** io_uring_setup ends the process with SIGSYS. */
    public static final String KILL = "kill";

    private static final int PR_SET_SECCOMP = 22;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_MODE_FILTER = 2;

    private static final int IO_URING_SETUP = 425; // on every processor
    private static final int LOAD_NUMBER = 0x20; // BPF_LD | BPF_W | BPF_ABS, of struct seccomp_data
    private static final int JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private static final int RETURN = 0x06; // BPF_RET | BPF_K
    private static final long ALLOW = 0x7fff0000L;
    private static final long ERRNO_EPERM = 0x00050001L;
    private static final long KILL_PROCESS = 0x80000000L;

    /** For jnr-ffi, which makes a class of it. */
    public interface Calls {
        int prctl(int option, long a, long b, long c, long d);
    }

    private Seccomp() {}

    /** From now on, for good. */
    public static void filter(String what) throws IOException {
        MemoryIO memory = MemoryIO.getInstance();
        long program = memory.allocateMemory(4 * 8 + 16, true);
        instruction(program, LOAD_NUMBER, 0, 0, 0);
        instruction(program + 8, JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP);
        instruction(program + 16, RETURN, 0, 0, what.equals(KILL) ? KILL_PROCESS : ERRNO_EPERM);
        instruction(program + 24, RETURN, 0, 0, ALLOW);
        long struct = program + 32; // struct sock_fprog
        memory.putShort(struct, (short) 4);
        memory.putAddress(struct + 8, program);
        Calls c = LibraryLoader.create(Calls.class).searchDefault().load();
        check(c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        check(c.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, struct, 0, 0));
    }

    private static void check(int rc) throws IOException {
        if (rc < 0) {
            throw new IOException("prctl was refused");
        }
    }

    /** struct sock_filter */
    private static void instruction(long at, int code, int ifTrue, int ifFalse, long k) {
        MemoryIO memory = MemoryIO.getInstance();
        memory.putShort(at, (short) code);
        memory.putByte(at + 2, (byte) ifTrue);
        memory.putByte(at + 3, (byte) ifFalse);
        memory.putInt(at + 4, (int) k);
    }
}
