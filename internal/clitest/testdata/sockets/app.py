# The same, for WSGI and for ASGI.
def wsgi(environ, start_response):
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']


async def asgi(scope, receive, send):
    if scope['type'] != 'http':
        return
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'2')]})
    await send({'type': 'http.response.body', 'body': b'ok'})


def __getattr__(name):
    if name != 'counted':
        raise AttributeError(name)
    from relance_asgi import Counted  # who asks for it has examples/requests in the path
    return Counted(asgi)
