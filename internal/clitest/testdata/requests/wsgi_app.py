"""A WSGI program, as simple as can be, that is counted."""
import os
import time

from relance_wsgi import Counted


def plain(environ, start_response):
    os.write(1, b"begun %s\n" % environ["PATH_INFO"].encode())
    if environ["PATH_INFO"].startswith("/slow"):
        time.sleep(0.02)
    body = b"%s by %d\n" % (environ["PATH_INFO"].encode(), os.getppid())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body[:5], body[5:]]


app = Counted(plain)
