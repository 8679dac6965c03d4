package ftp;

/**
 * A name with {@code *} and {@code ?} in it, as old clients send one for {@code mget}: the server
 * is to say which files it means. As in a shell, a name that begins with a dot has to be asked for
 * by one.
 */
record Wildcard(String pattern) {
    static boolean isOne(String name) {
        return name.indexOf('*') >= 0 || name.indexOf('?') >= 0;
    }

    /**
     * In time that grows with the product of both lengths at most, whatever a client sends: after a
     * star only the last one is tried again, since an earlier one can gain nothing.
     */
    boolean matches(String name) {
        if (name.startsWith(".") && !pattern.startsWith(".")) {
            return false;
        }
        int star = -1; // of the pattern, the last one seen
        int from = 0; // of the name, where what that star stands for ends
        int p = 0;
        int n = 0;
        while (n < name.length()) {
            char wanted = p < pattern.length() ? pattern.charAt(p) : 0;
            if (wanted == '*') {
                star = p++;
                from = n;
            } else if (p < pattern.length() && (wanted == '?' || wanted == name.charAt(n))) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++from;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
