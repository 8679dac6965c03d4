package ftp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which server, and as whom; from options or from the environment. */
final class Account {
    @Option(
            names = "--host",
            defaultValue = "${env:FTP_HOST:-127.0.0.1}",
            description = "name or address, or FTP_HOST (default: 127.0.0.1)")
    private String host;

    @Option(
            names = "--port",
            defaultValue = "${env:FTP_PORT:-2121}",
            description = "or FTP_PORT (default: 2121)")
    private int port;

    @Option(
            names = "--user",
            defaultValue = "${env:FTP_USER:-anonymous}",
            description = "or FTP_USER (default: anonymous)")
    private String user;

    @Option(
            names = "--password",
            arity = "0..1",
            interactive = true,
            prompt = "Password: ",
            description = "asks for it; or better than here: FTP_PASSWORD, --password-file")
    private char[] password;

    @Option(names = "--password-file", description = "a file whose first line it is")
    private Path passwordFile;

    private InetSocketAddress address;
    private String secret;

    Account() {}

    Account(InetSocketAddress address, String user, String secret) {
        this.address = address;
        this.user = user;
        this.secret = secret;
    }

    /** Looks it up, reads it, before the loop begins. */
    void resolve() throws IOException {
        try {
            address = new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            var unknown = new UnknownHostException("no such host: " + host);
            unknown.initCause(e);
            throw unknown;
        }
        if (password != null) {
            secret = new String(password);
        } else if (passwordFile != null) {
            secret = Files.readAllLines(passwordFile).stream().findFirst().orElse("");
        } else if (System.getenv("FTP_PASSWORD") != null) {
            secret = System.getenv("FTP_PASSWORD");
        } else {
            secret = "anonymous@";
        }
        if (!Command.isClean(secret)) {
            throw new IOException("the password has a control character in it");
        }
    }

    /** What a line cannot hold. */
    String complaint() {
        if (port < 1 || port > 65535) {
            return "a port is 1 to 65535";
        }
        return Command.isClean(user) && !user.isBlank() ? null : "that is no user name";
    }

    InetSocketAddress address() {
        return address;
    }

    String user() {
        return user;
    }

    String password() {
        return secret;
    }
}
