/* What the library needs of the JDK's own channels and selectors. JNI sees it without --add-opens. */
#include "pollux.h"

#include <errno.h>

static jclass sel_ch_impl;    /* a class of the boot loader: a global reference that is never released */
static jmethodID get_fd_val;

/*
 * Class.forName(name, false, null): the boot loader's. FindClass asks the loader of our own class, which in OSGi and
 * in application servers has nothing of the JDK but java.*.
 */
static jclass boot_class(JNIEnv *env, const char *name) {
    jclass class = (*env)->FindClass(env, "java/lang/Class");
    if (class == NULL) return NULL;
    jmethodID for_name = (*env)->GetStaticMethodID(
        env, class, "forName", "(Ljava/lang/String;ZLjava/lang/ClassLoader;)Ljava/lang/Class;");
    if (for_name == NULL) return NULL;
    jstring text = (*env)->NewStringUTF(env, name);
    if (text == NULL) return NULL;
    jclass found = (jclass)(*env)->CallStaticObjectMethod(env, class, for_name, text, JNI_FALSE, NULL);
    return (*env)->ExceptionCheck(env) ? NULL : found;
}

/* Another VM may have no such class: then channelDescriptor returns -ENOSYS. */
int pollux_resolveChannels(JNIEnv *env) {
    jclass found = boot_class(env, "sun.nio.ch.SelChImpl");
    if (found == NULL) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    get_fd_val = (*env)->GetMethodID(env, found, "getFDVal", "()I");
    if (get_fd_val == NULL) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    sel_ch_impl = (*env)->NewGlobalRef(env, found);
    return sel_ch_impl == NULL ? -1 : 0;
}

/* -ENOSYS: this VM hides it; -EINVAL: not a channel of the JDK's own. */
jint pollux_channelDescriptor(JNIEnv *env, jobject self, jobject channel) {
    (void)self;
    if (sel_ch_impl == NULL) return -ENOSYS;
    if (!(*env)->IsInstanceOf(env, channel, sel_ch_impl)) return -EINVAL;
    jint fd = (*env)->CallIntMethod(env, channel, get_fd_val);
    return (*env)->ExceptionCheck(env) ? -EINVAL : fd;
}

/* What --add-opens is for otherwise. NULL: this VM has it elsewhere. */
jobject pollux_trustedLookup(JNIEnv *env, jobject self) {
    (void)self;
    jclass lookup = (*env)->FindClass(env, "java/lang/invoke/MethodHandles$Lookup");
    if (lookup == NULL) goto none;
    jfieldID trusted =
        (*env)->GetStaticFieldID(env, lookup, "IMPL_LOOKUP", "Ljava/lang/invoke/MethodHandles$Lookup;");
    if (trusted == NULL) goto none;
    return (*env)->GetStaticObjectField(env, lookup, trusted);
none:
    (*env)->ExceptionClear(env);
    return NULL;
}
