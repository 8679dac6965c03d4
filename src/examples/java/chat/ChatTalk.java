/*
 * Who may say what to whom in the chat, see ChatServer; not an example of its own.
 *
 * Every line that a client is sent begins with who says it: `[room] nick:`, `<operator>`, or `*` for
 * the server. A nick has letters, digits, - and _ only, so none of these can be forged.
 */
package chat;

import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Locale;
import java.util.regex.Pattern;

/** The commands of the clients and of the operator. Knows nothing of sockets. */
final class ChatTalk {
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_-]{1,16}");
    private static final Pattern RESERVED = Pattern.compile("(?iu)operator|guest-.*");
    private static final String LOBBY = "lobby";

    private static final String CLIENTS_HELP =
            "/nick NAME, /join [ROOM], /leave, /who, /op TEXT (to the operator), /quit; the rest"
                    + " goes to your room, or to the operator if you are in none";
    private static final String OPERATORS_HELP =
            "@NUMBER TEXT (to one client), /list, /kick NUMBER [WHY], /quit; the rest goes to all";

    private final ChatServer server;
    private final PrintStream screen;

    ChatTalk(ChatServer server, PrintStream screen) {
        this.server = server;
        this.screen = screen;
    }

    /** For the operator; there is nobody who could forge it. */
    void show(String line) {
        screen.println(line);
    }

    // ---- clients

    void onArrival(ChatConnection client) {
        show("+ " + client);
        client.say("* you are " + client.nick + "; /help tells what can be said here");
    }

    void onDeparture(ChatConnection client) {
        show("- " + client);
        if (client.room != null) {
            toRoom(client, "* " + client.nick + " is gone");
        }
    }

    void onLine(ChatConnection client, String line) {
        if (line.isEmpty()) {
            return;
        }
        String[] words = line.split(" +", 2);
        String rest = words.length == 2 ? words[1] : "";
        if (!line.startsWith("/")) {
            if (client.room == null) {
                toOperator(client, line);
            } else {
                show("[" + client.room + "] " + client + ": " + line);
                toRoom(client, "[" + client.room + "] " + client.nick + ": " + line);
            }
            return;
        }
        switch (words[0]) {
            case "/nick" -> rename(client, rest);
            case "/join" -> join(client, rest.isEmpty() ? LOBBY : rest);
            case "/leave" -> leave(client);
            case "/who" -> tellWhoIsHere(client);
            case "/op" -> toOperator(client, rest);
            case "/quit" -> {
                client.say("* goodbye");
                client.drop(null);
            }
            case "/help" -> client.say("* " + CLIENTS_HELP);
            default -> client.say("* " + words[0] + " means nothing here; try /help");
        }
    }

    private void toOperator(ChatConnection client, String line) {
        show(client + ": " + line);
        if (!server.hasOperator()) {
            client.say("* there is no operator; try /join");
        }
    }

    private void rename(ChatConnection client, String nick) {
        if (!NAME.matcher(nick).matches() || RESERVED.matcher(nick).matches()) {
            client.say("* a nick is 1 to 16 letters, digits, - and _, not operator nor guest-...");
        } else if (isTaken(nick, client)) {
            client.say("* " + nick + " is here already");
        } else {
            String news = "* " + client.nick + " is now " + nick;
            show("* " + client + " is now " + nick);
            client.nick = nick;
            client.say(news);
            if (client.room != null) {
                toRoom(client, news);
            }
        }
    }

    private boolean isTaken(String nick, ChatConnection by) {
        String folded = nick.toLowerCase(Locale.ROOT);
        return server.clients().stream()
                .anyMatch(c -> c != by && c.nick.toLowerCase(Locale.ROOT).equals(folded));
    }

    private void join(ChatConnection client, String room) {
        if (!NAME.matcher(room).matches()) {
            client.say("* a room is 1 to 16 letters, digits, - and _");
            return;
        }
        if (client.room != null) {
            leave(client);
        }
        client.room = room;
        show("* " + client + " joins " + room);
        client.say("* you are in " + room);
        toRoom(client, "* " + client.nick + " joins");
    }

    private void leave(ChatConnection client) {
        if (client.room == null) {
            client.say("* you are in no room");
            return;
        }
        show("* " + client + " leaves " + client.room);
        client.say("* you leave " + client.room);
        toRoom(client, "* " + client.nick + " leaves");
        client.room = null;
    }

    private void tellWhoIsHere(ChatConnection client) {
        for (ChatConnection other : server.clients()) {
            String where = other.room == null ? "" : " in " + other.room;
            client.say("* " + other.nick + where + (other == client ? " (you)" : ""));
        }
    }

    private void toRoom(ChatConnection from, String line) {
        ByteBuffer bytes = ChatConnection.bytes(line);
        for (ChatConnection other : server.clients()) {
            if (other != from && from.room.equals(other.room)) {
                other.send(bytes);
            }
        }
    }

    private void toAll(String line) {
        ByteBuffer bytes = ChatConnection.bytes(line);
        server.clients().forEach(client -> client.send(bytes));
    }

    // ---- the operator

    void onOperatorsLine(String line) {
        String[] words = line.split(" +", 3);
        if (line.startsWith("@")) {
            ChatConnection client = client(words[0].substring(1));
            if (client != null) {
                client.say("<operator> " + line.substring(words[0].length()).strip());
            }
        } else if (!line.startsWith("/")) {
            if (!line.isEmpty()) {
                toAll("<operator to all> " + line);
            }
        } else {
            onOperatorsCommand(words);
        }
    }

    private void onOperatorsCommand(String[] words) {
        switch (words[0]) {
            case "/list" -> list();
            case "/kick" -> {
                ChatConnection client = client(words.length < 2 ? "" : words[1]);
                if (client != null) {
                    String why = words.length < 3 ? "kicked" : "kicked: " + words[2];
                    client.say("* you are " + why);
                    client.drop(why);
                }
            }
            case "/quit" -> {
                toAll("* the chat is over");
                server.stop();
            }
            case "/help" -> show("* " + OPERATORS_HELP);
            default -> show("* " + words[0] + " means nothing here; try /help");
        }
    }

    private void list() {
        Collection<ChatConnection> clients = server.clients();
        for (ChatConnection client : clients) {
            show("* " + client + (client.room == null ? "" : " in " + client.room));
        }
        String count = clients.size() + (clients.size() == 1 ? " client, " : " clients, ");
        show("* " + count + server.polls() + " polls until now"); // an idle chat adds none
    }

    /** Null, and said so, if there is none with this number. */
    private ChatConnection client(String number) {
        for (ChatConnection client : server.clients()) {
            if (number.equals("" + client.number)) {
                return client;
            }
        }
        show("* there is no client number '" + number + "'; try /list");
        return null;
    }
}
