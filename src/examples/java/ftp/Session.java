package ftp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of the server: who it is, where it is, and what it may. Answers what needs no file; the
 * rest is for FileCommands and Transfers.
 *
 * <p>A command waits for the one before: for a transfer, or for a password that is being checked.
 * The control connection is read meanwhile, as ABOR breaks off what runs and then is answered in
 * its place, behind whatever came before.
 */
final class Session implements ControlConnection.Owner {
    private static final Logger LOG = LoggerFactory.getLogger("ftp.session");

    final Server server;
    final ControlConnection control;
    final InetAddress local;
    final InetAddress peer;
    final Transfers transfers;
    private final FileCommands files;

    private String claimed; // by USER, until PASS
    private Users.User user; // null until logged in
    private Jail jail;
    String directory = "/";
    List<String> facts = Listing.FACTS; // in answers to MLSD and MLST
    private int tries;
    private boolean checking; // a password
    private long usedAt = System.nanoTime();
    private final long began = usedAt;
    private boolean leaving;

    Session(Server server, SocketChannel channel) throws IOException {
        this.server = server;
        local = ((InetSocketAddress) channel.getLocalAddress()).getAddress();
        peer = ((InetSocketAddress) channel.getRemoteAddress()).getAddress();
        control = new ControlConnection(server.loop, channel, server.settings.maxLine, this);
        transfers = new Transfers(this);
        files = new FileCommands(this);
    }

    // ---- what the control connection asks and tells

    @Override
    public boolean takesLines() {
        return !checking && !transfers.isBusy();
    }

    @Override
    public void onArrival(String line) {
        if (line.equalsIgnoreCase("ABOR")) {
            transfers.abort(new IOException("broken off as asked"));
        }
    }

    @Override
    public void onTooLongLine() {
        reply(500, "a line of " + server.settings.maxLine + " bytes at most");
    }

    @Override
    public void onLine(String line) throws IOException {
        usedAt = System.nanoTime();
        if (!Command.isClean(line)) {
            reply(501, "control characters, or not UTF-8");
            return;
        }
        Command command = Command.parse(line);
        if (command.verb() == null) {
            reply(500, "not understood");
        } else if (command.verb().who != Command.Who.ANYBODY && user == null) {
            reply(530, "log in with USER and PASS first");
        } else if (command.verb().who == Command.Who.WRITER && user.readOnly()) {
            reply(550, "you may only read here");
        } else if (command.verb().needsArgument && command.argument().isEmpty()) {
            reply(501, command.verb() + " needs an argument");
        } else {
            obey(command);
            if (control.isWaiting("ABOR")) {
                transfers.abort(new IOException("broken off as asked"));
            }
        }
    }

    @Override
    public void onEnd() {
        if (!control.isWaiting("QUIT")) {
            transfers.abort(new IOException("the control connection has ended"));
        }
    }

    @Override
    public void onClosed(Exception reason) {
        if (reason != null) {
            LOG.info("{} {}: {}", name(), peer.getHostAddress(), reason.getMessage());
        }
        transfers.close();
        server.left(this);
    }

    // ---- commands

    private void obey(Command command) throws IOException {
        String argument = command.argument();
        try {
            switch (command.verb()) {
                case USER -> user(argument);
                case PASS -> pass(argument);
                case QUIT -> {
                    reply(221, "bye");
                    control.closeWhenSent();
                }
                case FEAT -> replyAll(211, "features", features());
                case HELP -> replyAll(214, "commands", Command.names());
                case OPTS -> opts(argument);
                case NOOP -> reply(200, "done");
                case SYST -> reply(215, "UNIX Type: L8");
                case ABOR -> reply(226, "nothing runs any more");
                case STAT -> reply(211, "logged in as " + name() + ", in " + directory);
                case ALLO -> transfers.allo(argument);
                case TYPE -> type(argument);
                case MODE -> only("S", argument, "stream");
                case STRU -> only("F", argument, "file");
                case PASV, EPSV, PORT, EPRT, REST -> transfers.prepare(command);
                case LIST, NLST, MLSD, RETR, STOR, APPE -> transfers.begin(command);
                default -> files.obey(command);
            }
        } catch (Jail.Refused e) {
            reply(550, e.getMessage());
        } catch (FileSystemException e) {
            reply(550, FileTrouble.reason(e));
        }
    }

    private List<String> features() {
        var features =
                new ArrayList<>(List.of("UTF8", "EPSV", "SIZE", "MDTM", "REST STREAM", "TVFS"));
        if (server.settings.active) {
            features.add("EPRT");
        }
        var marked = new StringBuilder("MLST ");
        Listing.FACTS.forEach(
                fact -> marked.append(fact).append(facts.contains(fact) ? "*;" : ";"));
        features.add(marked.toString());
        return features;
    }

    /**
     * UTF8 ON, as old clients ask; MLST and the facts that a client wants to have (RFC 3659 7.9).
     */
    private void opts(String argument) {
        String[] words = argument.toLowerCase(Locale.ROOT).split(" ", 2);
        if (words[0].equals("utf8")) {
            reply(200, "always");
        } else if (words[0].equals("mlst")) {
            List<String> wanted = List.of(words.length < 2 ? new String[0] : words[1].split(";"));
            facts = Listing.FACTS.stream().filter(wanted::contains).toList();
            reply(200, "MLST OPTS " + String.join("", facts.stream().map(f -> f + ";").toList()));
        } else {
            reply(501, "no such option");
        }
    }

    /** In both types a file goes as it is; a listing has CR LF in any case. */
    private void type(String argument) {
        boolean known = argument.matches("(?i)I|L 8|A|A N");
        reply(known ? 200 : 504, known ? "type " + argument : "type I or A");
    }

    private void only(String letter, String argument, String meaning) {
        boolean known = argument.equalsIgnoreCase(letter);
        reply(known ? 200 : 504, known ? meaning : "only " + meaning);
    }

    private void user(String name) {
        if (user != null) {
            reply(503, "you are logged in; to be somebody else, connect again");
            return;
        }
        claimed = name;
        reply(331, "now the password");
    }

    /**
     * The answer comes later; nobody can tell by its time whether there is such a user. One
     * password is checked after another: that limits how fast anybody can guess, but who does so in
     * many connections makes others wait to log in.
     */
    private void pass(String password) {
        if (claimed == null) {
            reply(503, "USER comes first");
            return;
        }
        String name = claimed;
        claimed = null;
        if (server.settings.anonymous && name.matches("(?i)anonymous|ftp")) {
            enter(Users.User.ANONYMOUS);
            return;
        }
        checking = true;
        server.passwords.run(
                () -> server.users.check(name, password),
                (found, trouble) -> {
                    checking = false;
                    if (trouble != null) {
                        LOG.error("checking a password", trouble);
                    }
                    if (found == null) {
                        refuse(name);
                    } else {
                        enter(found);
                    }
                    control.proceed();
                });
    }

    private void refuse(String name) {
        server.count.loginsRefused++;
        LOG.info("login refused: {} from {}", name, peer.getHostAddress());
        reply(530, "wrong name or password");
        if (++tries >= server.settings.loginTries) {
            control.closeWhenSent();
        }
    }

    private void enter(Users.User found) {
        if (control.isClosed()) {
            return; // has gone meanwhile
        }
        if (!server.hasRoomFor(found)) {
            reply(421, "too many connections of this user");
            control.closeWhenSent();
            return;
        }
        try {
            jail = server.root.within(found.home());
        } catch (IOException e) {
            LOG.error("home {} of {}: {}", found.home(), found.name(), e.getMessage());
            reply(530, "your directory is not there");
            return;
        }
        user = found;
        server.entered(found);
        LOG.info("{} from {}", found.name(), peer.getHostAddress());
        reply(230, user.readOnly() ? "welcome; you may read" : "welcome");
    }

    // ---- for the others

    Jail jail() {
        return jail;
    }

    Users.User user() {
        return user;
    }

    /** What a name means, seen from the directory that the client is in. */
    String virtual(String name) throws Jail.Refused {
        return Jail.virtual(directory, name);
    }

    void reply(int code, String text) {
        control.send(code + " " + text);
    }

    void replyAll(int code, String title, List<String> lines) {
        control.send(code + "-" + title);
        lines.forEach(line -> control.send(" " + line));
        control.send(code + " end");
    }

    void used() {
        usedAt = System.nanoTime();
    }

    String name() {
        return user == null ? "nobody" : user.name();
    }

    /** Once a second. */
    void tick() {
        if (transfers.tick()) {
            return; // it has a time of its own
        }
        boolean late = user == null && Settings.isOver(began, server.settings.loginTime);
        if (late || Settings.isOver(usedAt, server.settings.idleTime)) {
            if (leaving) {
                control.close(new IOException("takes no answer")); // not even the last one
                return;
            }
            leaving = true;
            reply(421, late ? "no login in time" : "idle for too long");
            control.closeWhenSent();
        }
    }
}
