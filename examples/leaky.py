#!/usr/bin/env python3
"""A small web server that leaks: something to run under relance.

    relance --memory-high 64M -- python3 examples/leaky.py --per-second 16

It does the one thing that relance asks of a program so that no work is lost: on SIGTERM it accepts nothing new,
finishes what is in flight, and leaves. examples/leaky is the same in Go. Only the standard library is needed.
"""

import argparse
import http.server
import os
import signal
import socketserver
import threading

MIB = 1 << 20
options = argparse.ArgumentParser(description="a small web server that leaks")
options.add_argument("--listen", default="127.0.0.1:0", help="HOST:PORT, or the path of a unix socket")
options.add_argument("--per-second", type=float, default=0, help="MiB to leak each second")
options.add_argument("--per-request", type=float, default=0, help="MiB to leak for each request")
args = options.parse_args()

kept = []  # the leak: memory that is written to, and kept for no reason
stop = threading.Event()


def leak(mib):
    kept.append(b"\1" * int(mib * MIB))


def leaked():
    return sum(map(len, kept)) // MIB


def say(text):
    print(f"leaky: pid {os.getpid()}: {text}", flush=True)


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        leak(args.per_request)
        body = f"hello from pid {os.getpid()}, which has leaked {leaked()} MiB\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return str(self.client_address)  # empty for a unix socket

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True  # else the port stays taken for a minute after each generation


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    pass


if "/" in args.listen:
    if os.path.exists(args.listen):
        os.unlink(args.listen)  # of a generation that could not clean up
    server = UnixServer(args.listen, Hello)
    say(f"listening on {args.listen}")
else:
    host, port = args.listen.rsplit(":", 1)
    server = Server((host, int(port)), Hello)
    say(f"listening on {host}:{server.server_address[1]}")

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stop.set())
threading.Thread(target=server.serve_forever, daemon=True).start()
while not stop.wait(0.1):
    if args.per_second > 0:
        leak(args.per_second / 10)

server.shutdown()  # accepts nothing new
server.server_close()  # waits for what is in flight
say(f"leaked {leaked()} MiB, goodbye")
