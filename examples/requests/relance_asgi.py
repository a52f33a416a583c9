"""Counts the requests of an ASGI program (uvicorn, hypercorn) for relance --max-requests: app = Counted(app)

Without relance it does nothing.
"""
import asyncio
import os
import re


class Counted:
    def __init__(self, app):
        self.app, self.connected, self.leaving = app, None, False

    async def connect(self):
        try:
            reader, writer = await asyncio.open_unix_connection(re.sub("^@", "\0", os.environ["RELANCE_SOCKET"]))
        except OSError:
            return None  # relance is gone, and the work goes on
        self.listening = asyncio.ensure_future(self.listen(reader))
        return writer

    async def listen(self, reader):
        while line := await reader.readline():  # relance 1, ok 999, drain
            self.leaving = self.leaving or line == b"drain\n"

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or "RELANCE_SOCKET" not in os.environ:
            return await self.app(scope, receive, send)
        if not self.connected:  # once, however many requests come first
            self.connected = asyncio.ensure_future(self.connect())
        stream = await asyncio.shield(self.connected)
        begun = stream and not self.leaving  # when a stop is due, the server ends what it takes by itself
        if begun:
            stream.write(b"begin\n")
        try:
            await self.app(scope, receive, send)
        finally:
            if begun:
                stream.write(b"end\n")
