/* Says what libsystemd finds of the sockets that were passed, and spoils the first one
 * for the next generation, which must not see that. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static const char *kind(int fd)
{
	if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
		return "unix stream";
	if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0)
		return "inet stream";
	if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_DGRAM, -1, 0) > 0)
		return "inet dgram";
	return "another";
}

int main(void)
{
	int flags[16] = {0}, modes[16] = {0};
	for (int i = 0; i < 16; i++) {
		flags[i] = fcntl(3 + i, F_GETFD);
		modes[i] = fcntl(3 + i, F_GETFL);
	}
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	for (int i = 0; i < n && i < 16; i++)
		printf("fd=%d name=%s %s passed=%d blocks=%d cloexec=%d\n", 3 + i, names[i], kind(3 + i), flags[i] == 0,
			!(modes[i] & O_NONBLOCK), fcntl(3 + i, F_GETFD) == FD_CLOEXEC);
	printf("%d in all\n", n);
	fflush(stdout);
	if (n < 1)
		return 0;
	fcntl(3, F_SETFL, O_NONBLOCK);
	for (;;)
		pause();
}
