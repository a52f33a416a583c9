"""A server that says what it serves, and takes nothing more once it has served its share.

    share.py notify|stream|log PORT SHARE

What is its share the stream tells it. The other two ways tell nothing, so there it counts too.
"""
import http.server
import os
import select
import signal
import socket
import sys

way, port, share = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def connect(variable, kind):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(os.environ[variable].replace("@", "\0", 1))
    return s


served, last = 0, False
if way == "notify":
    notify = connect("NOTIFY_SOCKET", socket.SOCK_DGRAM)
if way == "stream":
    stream = connect("RELANCE_SOCKET", socket.SOCK_STREAM).makefile("rw")
    assert stream.readline() == "relance 1\n"


def say(word):
    """Says begin or end on the stream, and returns how many there may be."""
    stream.write(word + "\n")
    stream.flush()
    answer = stream.readline().split()
    while answer == ["drain"]:
        answer = stream.readline().split()
    assert answer[0] == "ok", answer
    return int(answer[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global served, last
        last = (say("begin") if way == "stream" else share - served) == 1
        if last:
            server.server_close()  # before the answer: nobody connects in vain
        served += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%s by %d as number %d\n" % (self.path.encode(), os.getpid(), served))
        if way == "notify":
            notify.send(b"X_RELANCE_REQUESTS=1")
        if way == "stream":
            say("end")

    def log_message(self, *words):
        if way == "log":
            super().log_message(*words)


# TERM is seen between two requests only.
wake, woken = os.pipe()
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
signal.signal(signal.SIGTERM, lambda *_: None)
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
while wake not in select.select([wake] + ([] if last else [server]), [], [])[0]:
    server.handle_request()
