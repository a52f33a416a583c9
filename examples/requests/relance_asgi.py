"""Counts the requests of an ASGI program (uvicorn, hypercorn) for relance --max-requests: app = Counted(app)

When a stop is due and relance holds the sockets (--listen), it takes no more connections, serves those it has, and asks who keeps one to
leave it. Without relance it does nothing.
"""
import asyncio
import gc
import os
import re
import socket


class Counted:
    def __init__(self, app, unread=1.0):
        """unread: seconds after which a request has come whose connection was there before"""
        self.app, self.unread, self.connected, self.leaving = app, unread, None, False

    async def connect(self):
        try:
            reader, writer = await self.open()
            self.listening = asyncio.ensure_future(self.listen(reader, (await self.open())[1]))
        except OSError:
            return None  # relance is gone, and the work goes on
        return writer

    async def open(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(re.sub("^@", "\0", os.environ["RELANCE_SOCKET"]))  # uvloop knows no abstract addresses
        return await asyncio.open_unix_connection(sock=sock)

    async def listen(self, reader, hold):
        hold.write(b"hold\n")  # nothing seems in flight while a request is on its way
        while line := await reader.readline():  # relance 1, ok 999, drain
            if line == b"drain\n" and not self.leaving:
                self.leaving = True
                if "LISTEN_FDS" in os.environ:
                    # uvicorn shows none of its servers, be they of asyncio or of uvloop, which has no readers.
                    for server in [o for o in gc.get_objects() if type(o).__name__ == "Server" and hasattr(o, "start_serving")]:
                        for sock in server.sockets:
                            asyncio.get_running_loop().remove_reader(sock.fileno()) or server.close()
                    await asyncio.sleep(self.unread)
                hold.close()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or "RELANCE_SOCKET" not in os.environ:
            return await self.app(scope, receive, send)
        if not self.connected:  # once, however many requests come first
            self.connected = asyncio.ensure_future(self.connect())
        stream = await asyncio.shield(self.connected)

        async def answer(message):
            if self.leaving and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        if stream:
            stream.write(b"begin\n")
        try:
            await self.app(scope, receive, answer)
        finally:
            if stream:
                stream.write(b"end\n")
