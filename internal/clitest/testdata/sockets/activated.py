# Says what python3-systemd finds of the sockets that were passed, and spoils the first
# one for the next generation, which must not see that.
import fcntl, os, signal, socket
from systemd import daemon

flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFD) for fd in map(int, os.listdir('/proc/self/fd')) if os.path.exists('/proc/self/fd/%d' % fd)}
found = daemon.listen_fds_with_names(True)
for fd, name in found.items():
    if daemon.is_socket_unix(fd, socket.SOCK_STREAM, 1):
        kind = 'unix stream'
    elif daemon.is_socket_inet(fd, socket.AF_UNSPEC, socket.SOCK_STREAM, 1):
        kind = 'inet stream'
    elif daemon.is_socket_inet(fd, socket.AF_UNSPEC, socket.SOCK_DGRAM):
        kind = 'inet dgram'
    else:
        kind = 'another'
    print('fd=%d name=%s %s passed=%d blocks=%d cloexec=%d' % (
        fd, name, kind, flags[fd] == 0, os.get_blocking(fd), fcntl.fcntl(fd, fcntl.F_GETFD) == fcntl.FD_CLOEXEC))
print('%d in all' % len(found), flush=True)
if found:
    os.set_blocking(3, False)
    signal.pause()
