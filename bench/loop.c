//go:build ignore

// What relance is measured against, with as little as Linux allows: vfork, exec, wait.
//
//	loop once COMMAND [ARG...]     run the command once, exit as it did (a wrapper that does nothing)
//	loop N COMMAND [ARG...]        run it N times, one after the other
//
// The first line keeps Go tools from compiling this file; see build.go.

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char **argv)
{
	int status;
	pid_t pid = vfork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0)
		return 125;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (argc < 3) {
		fprintf(stderr, "usage: loop once|N COMMAND [ARG...]\n");
		return 125;
	}
	if (strcmp(argv[1], "once") == 0)
		return run(argv + 2);
	for (long n = atol(argv[1]); n > 0 && status == 0; n--)
		status = run(argv + 2);
	return status;
}
