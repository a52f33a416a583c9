"""A server of JSON-RPC for the tests: newline-delimited, or with headers if told so.

It refuses everything before initialize, as MCP has it, and answers with its generation.
"""

import json
import os
import sys

generation, framing = sys.argv[1], sys.argv[2]
stdin, stdout = sys.stdin.buffer, sys.stdout.buffer


def read():
    if framing == "lines":
        line = stdin.readline()
        return json.loads(line) if line else None
    length = None
    while (line := stdin.readline()) not in (b"", b"\r\n"):
        name, value = line.decode().split(":", 1)
        if name.lower() == "content-length":
            length = int(value)
    return json.loads(stdin.read(length)) if length is not None else None


def write(message):
    message["jsonrpc"] = "2.0"
    text = json.dumps(message).encode()
    stdout.write(text + b"\n" if framing == "lines" else b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    stdout.flush()


def handle(message):
    global ready, waiting
    method, id = message.get("method"), message.get("id")
    if method == "initialize":
        write({"id": id, "result": {"generation": generation}})
    elif method in ("notifications/initialized", "initialized"):
        ready = True
    elif method == "exit":
        sys.exit(0)
    elif method is None:  # an answer to what we asked
        write({"id": waiting, "result": {"asked": message["result"], "generation": generation}})
    elif id is None:
        write({"method": "heard", "params": {"method": method, "generation": generation}})
    elif not ready:
        write({"id": id, "error": {"code": -32002, "message": "not initialized"}})
    elif method == "die":
        os._exit(3)
    elif method == "ask":
        waiting = id
        write({"id": 0, "method": "what"})
    elif method == "never":
        pass
    else:
        write({"id": id, "result": {"method": method, "generation": generation}})


ready, waiting = False, None
while (message := read()) is not None:
    for one in message if isinstance(message, list) else [message]:
        handle(one)
