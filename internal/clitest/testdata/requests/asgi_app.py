"""An ASGI program, as simple as can be, that is counted."""
import asyncio
import os

from relance_asgi import Counted


async def plain(scope, receive, send):
    assert scope["type"] == "http"
    os.write(1, b"begun %s\n" % scope["path"].encode())
    if scope["path"].startswith("/slow"):
        await asyncio.sleep(0.02)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b" by %d\n" % os.getpid()})


app = Counted(plain)
