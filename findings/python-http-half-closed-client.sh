#!/bin/sh
# A client of HTTP that shuts down writing after its request, as "nc -N" and many small clients do, gets no answer from uvicorn
# and from Tornado: the connection is closed at once, without a byte and without a status. gunicorn, wsgiref and http.server
# answer.
# The same application behaves otherwise when it moves from one to the other, and so does a probe that is written with nc.
#
# Why: the end of what the client sends is a state of its own (shutdown(2)), and HTTP lets the client have its answer then. But
# asyncio closes a transport whose protocol returns nothing from eof_received(), the default that uvicorn leaves in place, and
# Tornado's stream closes itself when a read has found the end. The others read no further than the request.
#
# Seen: uvicorn 0.54.0 with h11 0.16.0 and its loops asyncio and uvloop 0.23.0, tornado 6.5.10, gunicorn 26.2.0, and wsgiref and
# http.server of CPython 3.11.7, Linux 6.18; the handler takes 0.3 s. The output was:
#   uvicorn, asyncio: whole connection 200, half closed nothing
#   uvicorn, uvloop: whole connection 200, half closed nothing
#   tornado: whole connection 200, half closed nothing
#   gunicorn: whole connection 200, half closed 200
#   wsgiref: whole connection 200, half closed 200
#   http.server: whole connection 200, half closed 200
#
# Needs Linux, and python3 with venv and pip, which fetches the servers (6 MB). Exit status: 0 it is so; 1 it is not so any
# longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
uname -sr
if ! { python3 -m venv "$directory/venv" && "$directory/venv/bin/pip" -q --retries 1 --disable-pip-version-check install \
    uvicorn==0.54.0 h11==0.16.0 uvloop==0.23.0 tornado==6.5.10 gunicorn==26.2.0; } >&2; then
    echo "the servers cannot be fetched here" >&2
    exit 2
fi

cat >"$directory/server.py" <<'PYTHON'
import asyncio, http.server, os, sys, time

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
        await send({"type": "http.response.body", "body": b"answer"})

def wsgi(environment, start):
    time.sleep(0.3)
    start("200 OK", [("Content-Length", "6")])
    return [b"answer"]

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"answer")

async def tornado_server(descriptor):
    import socket, tornado.httpserver, tornado.web

    class Answer(tornado.web.RequestHandler):
        async def get(self):
            await asyncio.sleep(0.3)
            self.write("answer")

    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Answer)]))
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)
    server.add_socket(listener)
    await asyncio.Event().wait()

def main(kind, descriptor):
    if kind.startswith("uvicorn"):
        import uvicorn
        uvicorn.run(asgi, fd=descriptor, log_level="critical", loop=kind.split(", ")[1], http="h11")
    elif kind == "tornado":
        asyncio.run(tornado_server(descriptor))
    elif kind == "gunicorn":
        os.execv(os.path.dirname(sys.executable) + "/gunicorn",
                 ["gunicorn", "--log-level=critical", "-b", "fd://%d" % descriptor, "server:wsgi"])
    else:
        import socket, wsgiref.simple_server
        plain = http.server.HTTPServer(("127.0.0.1", 0), Handler, False) if kind == "http.server" else \
            wsgiref.simple_server.WSGIServer(("127.0.0.1", 0), wsgiref.simple_server.WSGIRequestHandler, False)
        plain.socket.close()
        plain.socket = socket.socket(fileno=descriptor)
        if kind == "wsgiref":
            plain.server_name, plain.server_port = plain.socket.getsockname()
            plain.setup_environ()
            plain.set_app(wsgi)
        plain.serve_forever()

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
PYTHON

cat >"$directory/client.py" <<'PYTHON'
import os, signal, socket, subprocess, sys
directory = sys.argv[1]

def answer(address, half):
    with socket.create_connection(address, 60) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        if half:
            client.shutdown(socket.SHUT_WR)
        received = b""
        while True:
            part = client.recv(65536)
            if not part:
                return received.split()[1].decode() if received.endswith(b"answer") else "%s" % (received or "nothing")
            received += part

for kind in ("uvicorn, asyncio", "uvicorn, uvloop", "tornado", "gunicorn", "wsgiref", "http.server"):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = listener.fileno()
        process = subprocess.Popen([directory + "/venv/bin/python", "server.py", kind, str(descriptor)], cwd=directory,
                                   pass_fds=[descriptor], stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            address = listener.getsockname()
            print("%s: whole connection %s, half closed %s" % (kind, answer(address, False), answer(address, True)), flush=True)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
PYTHON

python3 "$directory/client.py" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
uvicorn, asyncio: whole connection 200, half closed nothing
uvicorn, uvloop: whole connection 200, half closed nothing
tornado: whole connection 200, half closed nothing
gunicorn: whole connection 200, half closed 200
wsgiref: whole connection 200, half closed 200
http.server: whole connection 200, half closed 200
EXPECTED
