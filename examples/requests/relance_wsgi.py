"""Counts the requests of a WSGI program for relance --max-requests: application = Counted(application)

Each thread of each process connects for itself, so that it works under gunicorn and uWSGI.
Without relance it does nothing.
"""
import os
import re
import socket
import threading


class Counted:
    def __init__(self, application):
        self.application, self.own = application, threading.local()

    def tell(self, word):
        """Says begin or end, and returns whether relance knows of it."""
        name, own = os.environ.get("RELANCE_SOCKET"), self.own
        try:
            if name and getattr(own, "pid", None) != os.getpid():  # also after a fork
                own.pid, own.leaving, own.stream = os.getpid(), False, socket.socket(socket.AF_UNIX)
                own.stream.connect(re.sub("^@", "\0", name))
                own.lines = own.stream.makefile("rb")
                own.lines.readline()  # relance 1
            if not name or own.leaving and word == b"begin\n":
                return False  # a stop is due: the server ends what it takes now by itself
            own.stream.sendall(word)
            while (answer := own.lines.readline()) == b"drain\n":  # the answer comes after it
                own.leaving = True
            return answer.startswith(b"ok")
        except OSError:
            return False  # relance is gone, and the work goes on

    def __call__(self, environ, start_response):
        begun = self.tell(b"begin\n")
        try:
            return Body(self.application(environ, start_response), lambda: begun and self.tell(b"end\n"))
        except BaseException:
            begun and self.tell(b"end\n")
            raise


class Body:
    """What the application returned. The request ends when the server closes it."""

    def __init__(self, body, end):
        self.body, self.end = body, end

    def __iter__(self):
        return iter(self.body)

    def close(self):
        try:
            getattr(self.body, "close", lambda: None)()
        finally:
            self.end()
