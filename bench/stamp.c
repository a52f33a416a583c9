//go:build ignore

// stamp FILE: the child whose restarts are measured. It notes the time when main begins and the time before it exits,
// both CLOCK_MONOTONIC, and appends them to FILE as one record of two 64-bit numbers.
//
// Between two records lies all that a restart costs: one write, the exit, the supervisor, exec. Linked statically: the
// dynamic linker would add 300 us to every gap and hide the supervisor.

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t record[2] = {now(), 0};
	int fd = argc == 2 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		_exit(125);
	record[1] = now();
	_exit(write(fd, record, sizeof record) == sizeof record ? 0 : 125);
}
