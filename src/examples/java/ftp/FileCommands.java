package ftp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;

/** The commands about names, which are answered at once. */
final class FileCommands {
    private final Session session;
    private String renamed; // by RNFR, until RNTO

    FileCommands(Session session) {
        this.session = session;
    }

    void obey(Command command) throws IOException {
        String name = command.argument();
        switch (command.verb()) {
            case PWD -> session.reply(257, quoted(session.directory));
            case CWD -> changeTo(name);
            case CDUP -> changeTo("..");
            case SIZE -> session.reply(213, "" + Files.size(file(name)));
            case MDTM -> {
                var time = Files.getLastModifiedTime(file(name)).toInstant();
                session.reply(213, Listing.time(time));
            }
            case MLST -> facts(name);
            case DELE -> delete(name);
            case MKD -> {
                String virtual = session.virtual(name);
                Files.createDirectory(session.jail().entry(virtual));
                session.reply(257, quoted(virtual));
            }
            case RMD -> {
                Files.delete(Jail.requireDirectory(entry(name)));
                session.reply(250, "removed");
            }
            case RNFR -> {
                requireThere(entry(name));
                renamed = session.virtual(name);
                session.reply(350, "and its new name?");
            }
            case RNTO -> rename(name);
            default -> throw new IllegalArgumentException(command.toString());
        }
    }

    private Path entry(String name) throws IOException {
        return session.jail().entry(session.virtual(name));
    }

    private Path file(String name) throws IOException {
        return Jail.requireFile(session.jail().existing(session.virtual(name)));
    }

    private static void requireThere(Path entry) throws IOException {
        if (!Files.exists(entry, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(entry.toString());
        }
    }

    private void changeTo(String name) throws IOException {
        String virtual = session.virtual(name);
        Jail.requireDirectory(session.jail().existing(virtual));
        session.directory = virtual;
        session.reply(250, quoted(virtual));
    }

    private void facts(String name) throws IOException {
        String virtual = session.virtual(name);
        Path real = session.jail().existing(virtual);
        var attributes = Files.readAttributes(real, BasicFileAttributes.class);
        session.control.send("250-facts");
        session.control.send(
                " " + Listing.facts(attributes, session) + " " + Listing.printable(virtual));
        session.control.send("250 end");
    }

    private void delete(String name) throws IOException {
        Path entry = entry(name);
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
            throw new Jail.Refused("that is a directory");
        }
        Files.delete(entry);
        session.reply(250, "deleted");
    }

    private void rename(String name) throws IOException {
        if (renamed == null) {
            session.reply(503, "RNFR comes first");
            return;
        }
        Path from = session.jail().entry(renamed);
        renamed = null;
        Files.move(from, entry(name), StandardCopyOption.ATOMIC_MOVE); // replaces a file
        session.reply(250, "renamed");
    }

    /** RFC 959, appendix II: a quote in it is doubled. */
    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
