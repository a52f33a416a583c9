"""A child that means harm on both sockets, and another one that only counts.

    hostile.py MEGABYTES
"""
import os
import socket
import sys

many = int(sys.argv[1])


def connect(variable, kind):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(os.environ[variable].replace("@", "\0", 1))
    return s


def good(stream, lines, what):
    stream.sendall(what)
    for _ in what.splitlines():
        assert lines.readline().startswith(b"ok "), "disturbed"


stream = connect("RELANCE_SOCKET", socket.SOCK_STREAM)
lines = stream.makefile("rb")
assert lines.readline() == b"relance 1\n"
good(stream, lines, b"begin\nend\n")

# STATUS again and again, another one each time, as long as may be.
notify = connect("NOTIFY_SOCKET", socket.SOCK_DGRAM)
for n in range(many * 64):
    notify.send(b"STATUS=%d " % n + b"\xf0\x9f\x98\x80" * 4000)
good(stream, lines, b"begin\nend\n")
print("status is said", flush=True)

# No newline, ever: a new connection for each that is closed.
sent, block = 0, b"x" * (1 << 20)
while sent < many << 20:
    bad = connect("RELANCE_SOCKET", socket.SOCK_STREAM)
    try:
        while sent < many << 20:
            sent += bad.send(block)
    except OSError:
        sent += 1 << 16  # what is never read counts too
good(stream, lines, b"begin\nend\n")
print("no newline is said", flush=True)

# Many that ask and never read.
mute = [connect("RELANCE_SOCKET", socket.SOCK_STREAM) for _ in range(200)]
for m in mute:
    m.setblocking(False)
    try:
        while True:
            m.send(b"left\n" * 10000)
    except BlockingIOError:
        pass
good(stream, lines, b"begin\nend\n")
print("nothing is read", flush=True)
sys.stdin.read()
good(stream, lines, b"count 6\n")
