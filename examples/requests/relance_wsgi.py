"""Counts the requests of a WSGI program for relance --max-requests.

    application = Counted(application)

Each process connects for itself, so that it works under gunicorn and uWSGI, with any
number of workers and threads. Without relance it does nothing.
"""
import os
import socket
import threading


class Counted:
    def __init__(self, application):
        self.application, self.local = application, threading.local()

    def tell(self, word):
        name, me = os.environ.get("RELANCE_SOCKET"), os.getpid()
        if not name:
            return
        try:
            if getattr(self.local, "pid", None) != me:  # a connection for each thread, and after each fork
                self.local.pid, self.local.stream = me, socket.socket(socket.AF_UNIX)
                self.local.stream.connect(name.replace("@", "\0", 1))
                self.local.lines = self.local.stream.makefile("r")
                self.local.lines.readline()  # relance 1
            self.local.stream.sendall(word + b"\n")
            while self.local.lines.readline() == "drain\n":  # the answer comes after it
                pass
        except OSError:
            pass  # relance is gone, and the work goes on

    def __call__(self, environ, start_response):
        self.tell(b"begin")
        try:
            body = self.application(environ, start_response)
        except BaseException:
            self.tell(b"end")
            raise
        return Body(body, self.tell)


class Body:
    """What the application returned; the request ends when the server closes it."""

    def __init__(self, body, tell):
        self.body, self.tell = body, tell

    def __iter__(self):
        return iter(self.body)

    def close(self):
        try:
            getattr(self.body, "close", lambda: None)()
        finally:
            self.tell(b"end")
