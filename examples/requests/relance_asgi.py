"""Counts the requests of an ASGI program (uvicorn, hypercorn) for relance --max-requests.

    app = Counted(app)
"""
import asyncio
import os


class Counted:
    def __init__(self, app):
        self.app, self.stream = app, None

    async def tell(self, word):
        name = os.environ.get("RELANCE_SOCKET")
        if not name:
            return
        try:
            if self.stream is None:
                reader, self.stream = await asyncio.open_unix_connection(name.replace("@", "\0", 1))
                asyncio.ensure_future(self.listen(reader))
            self.stream.write(word)
        except OSError:
            pass  # relance is gone, and the work goes on

    async def listen(self, reader):
        while await reader.readline():  # relance 1, ok 999, drain: the server is stopped by a signal
            pass

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        await self.tell(b"begin\n")
        try:
            await self.app(scope, receive, send)
        finally:
            await self.tell(b"end\n")
