"""A server whose requests take as long as the test wants: /slow is answered when somebody asks for /release.

    flight.py stream|notify|mute PORT

It says what is in flight, or nothing (mute), and TERM ends it at once.
"""
import http.server
import os
import socket
import sys
import threading

way, port = sys.argv[1], int(sys.argv[2])
release, held, name = threading.Event(), [], threading.local()


def connect(variable, kind):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(os.environ[variable].replace("@", "\0", 1))
    return s


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if way == "stream":
            stream = connect("RELANCE_SOCKET", socket.SOCK_STREAM).makefile("rw")
        if way == "notify":
            notify = connect("NOTIFY_SOCKET", socket.SOCK_DGRAM)
        who = "%s-%d" % (self.path, threading.get_ident())

        def say(word):
            if way == "stream":
                stream.write("%s %s\n" % (word, who))
                stream.flush()
                while not stream.readline().startswith("ok "):
                    pass
            if way == "notify":
                notify.send(b"X_RELANCE_%s=%s" % (word.upper().encode(), who.encode()))
                ours, theirs = os.pipe()  # BARRIER: wait until relance has heard of it
                socket.send_fds(notify, [b"BARRIER=1"], [theirs])
                os.close(theirs)
                os.read(ours, 1)
                os.close(ours)

        say("begin")
        if self.path == "/slow":
            print("slow", flush=True)
            release.wait()
        if self.path == "/release":
            release.set()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%s is done\n" % self.path.encode())
        say("end")
        if self.path == "/leak":
            held.append(b"x" * (100 << 20))

    def log_message(self, *_):
        pass


print("up", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
