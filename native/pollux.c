/* Where the library meets the JVM: one entry point, one table. */
#include "pollux.h"

#include <string.h>

static const JNINativeMethod methods[] = {
    METHOD(useLibc, "(I)Z"),
    METHOD(returnsFamily, "()I"),
    METHOD(returnsTimes, "()J"),
    METHOD(fillReturns, "(Z)V"),
    METHOD(layout, "(I)J"),
    METHOD(errorNumber, "(I)I"),
    METHOD(errorText, "(IJI)I"),
    METHOD(allocate, "(I)Ljava/nio/ByteBuffer;"),
    METHOD(free, "(Ljava/nio/ByteBuffer;)V"),
    METHOD(address, "(Ljava/nio/ByteBuffer;)J"),
    METHOD(read, "(ILjava/nio/ByteBuffer;II)I"),
    METHOD(write, "(ILjava/nio/ByteBuffer;II)I"),
    METHOD(close, "(I)I"),
    METHOD(open, "(JI)I"),
    METHOD(pipe, "(J)I"),
    METHOD(socketpair, "(J)I"),
    METHOD(setNonBlocking, "(IZ)I"),
    METHOD(isNonBlocking, "(I)I"),
    METHOD(setCloseOnExec, "(I)I"),
    METHOD(unread, "(I)I"),
    METHOD(isOpen, "(I)I"),
    METHOD(socketType, "(I)I"),
    METHOD(fileStatus, "(IJ)I"),
    METHOD(readv, "(IJI)I"),
    METHOD(writev, "(IJI)I"),
    METHOD(pread, "(ILjava/nio/ByteBuffer;IIJ)I"),
    METHOD(recv, "(ILjava/nio/ByteBuffer;III)I"),
    METHOD(send, "(ILjava/nio/ByteBuffer;III)I"),
    METHOD(accept, "(I)I"),
    METHOD(connect, "(IJIII)I"),
    METHOD(connectUnix, "(IJI)I"),
    METHOD(socketError, "(I)I"),
    METHOD(isListening, "(I)I"),
    METHOD(shutdown, "(II)I"),
    METHOD(sendfile, "(IIJI)I"),
    METHOD(splice, "(III)I"),
    METHOD(pipeCapacity, "(II)I"),
    METHOD(channelDescriptor, "(Ljava/nio/channels/Channel;)I"),
    METHOD(trustedLookup, "()Ljava/lang/Object;"),
    METHOD(eventfd, "()I"),
    METHOD(epollCreate, "()I"),
    METHOD(epollReplace, "(II)I"),
    METHOD(epollSetParams, "(IJ)I"),
    METHOD(epollParams, "(IJ)I"),
    METHOD(epollCtl, "(IIIIJ)I"),
    METHOD(epollWait0, "(IJIIJ)I"),
    METHOD(epollPwait20, "(IJIJJ)I"),
    METHOD(uringOpen0, "(IIJ)I"),
    METHOD(uringMemory, "(J)Ljava/nio/ByteBuffer;"),
    METHOD(uringClose, "(J)I"),
    METHOD(uringChange, "(JIIJI)I"),
    METHOD(uringWatch, "(JIII)I"),
    METHOD(seccomp, "()I"),
    METHOD(kqueue, "()I"),
    METHOD(keventChange, "(IJII)I"),
    METHOD(keventWait, "(IJIJ)I"),
    METHOD(poll, "(JII)I"),
    METHOD(ppoll, "(JIJ)I"),
    METHOD(select, "(IJJJJ)I"),
};

/*
 * The class that declares the methods. Its name is asked from Java, in the system property that the
 * loader sets for the length of the load: a copy of the library whose packages were renamed
 * (shading) still finds its own class, and FindClass looks in the loader that called System.load.
 */
static jclass declaring_class(JNIEnv *env) {
    char name[512];
    jclass system = (*env)->FindClass(env, "java/lang/System");
    if (system == NULL) return NULL;
    jmethodID get =
        (*env)->GetStaticMethodID(env, system, "getProperty", "(Ljava/lang/String;)Ljava/lang/String;");
    if (get == NULL) return NULL;
    jstring key = (*env)->NewStringUTF(env, "pollux.jni.class");
    if (key == NULL) return NULL;
    jstring value = (jstring)(*env)->CallStaticObjectMethod(env, system, get, key);
    if ((*env)->ExceptionCheck(env)) return NULL;
    if (value == NULL || (*env)->GetStringUTFLength(env, value) >= (jsize)sizeof(name)) {
        return (*env)->FindClass(env, "dev/pollux/sys/jni/JniSyscalls");
    }
    jsize bytes = (*env)->GetStringUTFLength(env, value);
    (*env)->GetStringUTFRegion(env, value, 0, (*env)->GetStringLength(env, value), name);
    if ((*env)->ExceptionCheck(env)) return NULL;
    name[bytes] = '\0';
    for (char *dot = name; (dot = strchr(dot, '.')) != NULL; *dot = '/') {
    }
    return (*env)->FindClass(env, name);
}

/* A failed step leaves its Java exception pending; System.load then throws it. */
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
    (void)reserved;
    JNIEnv *env;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
    jclass declaring = declaring_class(env);
    if (declaring == NULL) return JNI_ERR;
    if ((*env)->RegisterNatives(env, declaring, methods, COUNT(methods)) != JNI_OK) return JNI_ERR;
    if (pollux_resolveBuffer(env) != 0 || pollux_resolveChannels(env) != 0) return JNI_ERR;
    return JNI_VERSION_1_8;
}
