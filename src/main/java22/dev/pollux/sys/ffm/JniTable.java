package dev.pollux.sys.ffm;

import static dev.pollux.sys.ffm.Downcalls.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * JNI without C: its functions are called as those of libc are. The Invocation API hands out the
 * JVM, and that the table of this thread; each function has its place in that table by the JNI
 * specification. {@link TrustedLookup} needs it for one field of the JDK.
 *
 * <p>The references that these functions return are local ones, which the JVM drops when the next
 * native method of this thread returns. So all is linked beforehand, by calls that return none, no
 * other code runs between two calls, and each reference is made a global one at once.
 */
@SuppressWarnings("restricted")
final class JniTable {
    private static final int JNI_VERSION_10 = 0x000a0000;
    private static final int GET_ENV = 6; // in the table of the JVM; the others are in the thread's

    private static final int FIND_CLASS = 6;
    private static final int EXCEPTION_CLEAR = 17;
    private static final int NEW_GLOBAL_REF = 21;
    private static final int DELETE_GLOBAL_REF = 22;
    private static final int GET_OBJECT_CLASS = 31;
    private static final int GET_FIELD_ID = 94;
    private static final int SET_OBJECT_FIELD = 104;
    private static final int GET_STATIC_METHOD_ID = 113;
    private static final int CALL_STATIC_OBJECT_METHOD_A = 116;
    private static final int GET_STATIC_FIELD_ID = 144;
    private static final int GET_STATIC_OBJECT_FIELD = 145;
    private static final int EXCEPTION_CHECK = 228;

    private final Arena arena;
    private final MemorySegment state;
    private final long env;

    private final MethodHandle findClass;
    private final MethodHandle exceptionClear;
    private final MethodHandle newGlobalRef;
    private final MethodHandle deleteGlobalRef;
    private final MethodHandle getObjectClass;
    private final MethodHandle getFieldId;
    private final MethodHandle setObjectField;
    private final MethodHandle getStaticMethodId;
    private final MethodHandle callStaticObjectMethod;
    private final MethodHandle getStaticFieldId;
    private final MethodHandle getStaticObjectField;
    private final MethodHandle exceptionCheck;

    /** That of the current thread, a platform thread; the names and results live in the arena. */
    JniTable(Arena arena) {
        this.arena = arena;
        state = arena.allocate(Downcalls.STATE_SIZE, Long.BYTES);
        env = env(vm());
        findClass = function(FIND_CLASS);
        exceptionClear = function(EXCEPTION_CLEAR);
        newGlobalRef = function(NEW_GLOBAL_REF);
        deleteGlobalRef = function(DELETE_GLOBAL_REF);
        getObjectClass = function(GET_OBJECT_CLASS);
        getFieldId = function(GET_FIELD_ID);
        setObjectField = function(SET_OBJECT_FIELD);
        getStaticMethodId = function(GET_STATIC_METHOD_ID);
        callStaticObjectMethod = function(CALL_STATIC_OBJECT_METHOD_A);
        getStaticFieldId = function(GET_STATIC_FIELD_ID);
        getStaticObjectField = function(GET_STATIC_OBJECT_FIELD);
        exceptionCheck = function(EXCEPTION_CHECK);
    }

    private long vm() {
        MemorySegment vms = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        int rc = (int) call(getCreatedVms(), state, vms.address(), 1, count.address());
        if (rc != 0 || count.get(ValueLayout.JAVA_INT, 0) != 1) {
            throw new UnsatisfiedLinkError("JNI_GetCreatedJavaVMs: " + rc);
        }
        return vms.get(ValueLayout.JAVA_LONG, 0);
    }

    /** The launcher makes libjvm's functions known to everybody; another program may not. */
    private static MethodHandle getCreatedVms() {
        String name = "JNI_GetCreatedJavaVMs";
        MemorySegment found = Symbols.OF_THE_PROGRAM.find(name);
        if (found.address() == 0) {
            Path server = Path.of(System.getProperty("java.home"), "lib", "server");
            Symbols jvm = Symbols.open(server.resolve(System.mapLibraryName("jvm")).toString());
            found = jvm == null ? found : jvm.find(name);
        }
        if (found.address() == 0) {
            throw new UnsatisfiedLinkError("this JVM has no " + name);
        }
        return Downcalls.of(found);
    }

    private long env(long vm) {
        MemorySegment result = arena.allocate(ValueLayout.ADDRESS);
        MethodHandle getEnv = Downcalls.of(entry(vm, GET_ENV));
        int rc = (int) call(getEnv, state, vm, result.address(), JNI_VERSION_10);
        if (rc != 0) {
            throw new UnsatisfiedLinkError("JNI's GetEnv: " + rc);
        }
        return result.get(ValueLayout.JAVA_LONG, 0);
    }

    private MethodHandle function(int index) {
        return Downcalls.of(entry(env, index));
    }

    /** struct { const struct { void *functions[]; } *table; } *object; */
    private static MemorySegment entry(long object, int index) {
        long table = MemorySegment.ofAddress(object).reinterpret(8).get(ValueLayout.JAVA_LONG, 0);
        long bytes = (index + 1) * 8L;
        long function =
                MemorySegment.ofAddress(table)
                        .reinterpret(bytes)
                        .getAtIndex(ValueLayout.JAVA_LONG, index);
        return MemorySegment.ofAddress(function);
    }

    /** Copies a static field of a class of the JDK into one of the current thread's own object. */
    void copyStaticToThread(String type, String field, String fieldType, String to, String toType) {
        long name = text(type);
        long fieldName = text(field);
        long fieldSignature = text(fieldType);
        long toName = text(to);
        long toSignature = text(toType);
        long threadName = text("java/lang/Thread");
        long currentThread = text("currentThread");
        long currentThreadSignature = text("()Ljava/lang/Thread;");

        long from = global(call(findClass, state, env, name));
        long fromId = id(call(getStaticFieldId, state, env, from, fieldName, fieldSignature));
        long value = global(call(getStaticObjectField, state, env, from, fromId));

        long threads = global(call(findClass, state, env, threadName));
        long method =
                id(
                        call(
                                getStaticMethodId,
                                state,
                                env,
                                threads,
                                currentThread,
                                currentThreadSignature));
        long thread = global(call(callStaticObjectMethod, state, env, threads, method, 0));
        long own = global(call(getObjectClass, state, env, thread));
        long ownId = id(call(getFieldId, state, env, own, toName, toSignature));
        call(setObjectField, state, env, thread, ownId, value);

        for (long reference : new long[] {from, value, threads, thread, own}) {
            call(deleteGlobalRef, state, env, reference);
        }
    }

    private long text(String text) {
        return arena.allocateFrom(text).address();
    }

    private long global(long local) {
        return call(newGlobalRef, state, env, id(local));
    }

    /** What a function returned, unless it failed. */
    private long id(long result) {
        if ((byte) call(exceptionCheck, state, env) != 0 || result == 0) {
            call(exceptionClear, state, env);
            throw new UnsatisfiedLinkError("this JVM has not what is asked of it by JNI");
        }
        return result;
    }
}
