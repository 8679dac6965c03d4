/*
 * A POSIX message queue: messages between programs, the most urgent first.
 *
 * Run   make example NAME=MessageQueue
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.MessageQueue
 * or    make example NAME=MessageQueue ARGS=/jobs     receives until a message is: end
 *
 * You will see three messages come out in another order than they went in: that of their
 * priorities. While the queue is empty nobody is woken.
 *
 * mq_receive blocks, so that each queue takes a thread; mq_notify, the way without, comes as a
 * signal or in a thread of libc's, and is used up by each message. On Linux a queue is a
 * descriptor, and is ready to read while a message is in it. Receive until nothing is there, into a
 * buffer as large as the largest message: a smaller one is refused. Its number is closed with
 * Fd.close, as any; the queue itself stays until mq_unlink.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import jnr.ffi.Pointer;

/** Receives from one queue. */
final class MessageQueue {
    private static final int CAPACITY = 10; // messages, what everybody may ask for
    private static final int LARGEST = 1024; // bytes

    private final int queue;
    private final byte[] message = new byte[LARGEST];
    private final int[] priority = new int[1];
    private boolean over;

    /** Makes the queue, or opens it. */
    private MessageQueue(String name) throws IOException {
        Pointer attributes = LibC.memory(64); // struct mq_attr: flags, maxmsg, msgsize, curmsgs
        int size = LibC.RUNTIME.longSize();
        attributes.putNativeLong(size, CAPACITY);
        attributes.putNativeLong(2L * size, LARGEST);
        int flags = LibC.O_RDWR | LibC.O_CREAT | LibC.NONBLOCK | LibC.CLOEXEC;
        queue = LibC.check("mq_open(" + name + ")", LibC.C.mq_open(name, flags, 0600, attributes));
    }

    public static void main(String[] args) throws Exception {
        Recipe.start(
                () -> {
                    String name =
                            args.length > 0 ? args[0] : "/pollux-" + ProcessHandle.current().pid();
                    new MessageQueue(name).run(name, args.length == 0);
                });
    }

    private void run(String name, boolean alone) throws Exception {
        try (FdSelector selector = DefaultSelector.open()) {
            ReadyHandler handler = (key, ready) -> onMessages();
            FdKey key = selector.register(queue, Interest.READ, Recipe.edge(selector), handler);
            if (alone) {
                Recipe.idle(selector);
                send("soon", 2);
                send("now", 3);
                send("end", 1);
            } else {
                System.out.println(name + ": waiting");
            }
            while (!over) {
                selector.poll(Recipe.DISPATCH);
            }
            selector.unregisterAndClose(key);
        } finally {
            LibC.C.mq_unlink(name);
        }
    }

    private void send(String text, int priority) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        LibC.check("mq_send", LibC.C.mq_send(queue, bytes, bytes.length, priority));
    }

    private void onMessages() throws IOException {
        long length;
        while ((length = LibC.C.mq_receive(queue, message, message.length, priority)) >= 0) {
            String text = new String(message, 0, (int) length, StandardCharsets.UTF_8);
            System.out.printf("priority %d: %s%n", priority[0], text);
            over |= text.equals("end");
        }
        if (!LibC.wouldBlock()) {
            LibC.check("mq_receive", length);
        }
    }
}
