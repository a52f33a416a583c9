//go:build ignore

// leak FILE BYTES: the child whose memory budget is spent. It takes memory, fast at first and in small steps near BYTES,
// and after each step asks its cgroup2 group how much that is. On TERM it appends one record of two 64-bit numbers to
// FILE, both CLOCK_MONOTONIC: when the group was last seen below BYTES, and when TERM came. The kernel told of the event
// in between, so the difference is the most that the way from event to signal took.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t below;
static int records;

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void leave(int sig)
{
	uint64_t record[2] = {below, now()};
	(void)sig;
	_exit(write(records, record, sizeof record) == sizeof record ? 0 : 125);
}

// current opens memory.current of our group.
static int current(void)
{
	char line[4096], path[4200];
	FILE *f = fopen("/proc/self/cgroup", "r");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "0::", 3) == 0) {
			snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", line + 3);
			return open(path, O_RDONLY | O_CLOEXEC);
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	int64_t bytes = argc == 3 ? atoll(argv[2]) : 0;
	int64_t used = 0;
	int group = current();
	records = argc == 3 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (records < 0 || group < 0 || bytes <= 0)
		_exit(125);
	signal(SIGTERM, leave);
	for (;;) {
		char text[32] = "";
		struct timespec pause = {0, 2000000};
		size_t step = used < bytes - bytes / 8 ? 1 << 20 : 64 << 10;
		if (step == 64 << 10)
			nanosleep(&pause, NULL);
		char *memory = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		uint64_t at = now();
		if (memory == MAP_FAILED || pread(group, text, sizeof text - 1, 0) <= 0)
			_exit(125);
		used = atoll(text);
		if (used < bytes)
			below = at;
		for (size_t i = 0; i < step; i += 4096)
			memory[i] = 1;
	}
}
