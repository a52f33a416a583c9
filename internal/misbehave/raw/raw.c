/*
 * raw: what the Go half of misbehave cannot do (see ../main.go).
 *
 *   raw status [ARG...]           print what it was given, one fact a line, quoted as Go's %q does
 *   raw status-to FILE [ARG...]   the same into a file, which is made after the look: for a closed standard output
 *   raw print-signals [SIG]       print "ready pid=N", then each signal as it comes; end after SIG (15)
 *   raw tally FILE N              add one to the number in the file; while it is below N exit 1, else as print-signals
 *   raw fork-bomb [SIG]           print "ready pid=N" and fork for ever, with SIG ignored
 *   raw litter N                  for each line of its input leave N orphans, and print "littered N"; end with the input
 *
 * status changes nothing before it looks, so its output under a wrapper can be compared line by line with its output
 * without one. A bare line and a wrapped line of "fd" name the same pipe only if both runs were given the same one.
 *
 * print-signals blocks all signals and takes them with sigwaitinfo: RT signals queue, so none is merged or lost.
 * A line is NUMBER, si_code and the sender's pid: "15 code=0 from=4711".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void quoted(const char *name, const char *text)
{
	printf("%s \"", name);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		switch (*c) {
		case '\n': printf("\\n"); break;
		case '\t': printf("\\t"); break;
		case '\r': printf("\\r"); break;
		case '"': case '\\': printf("\\%c", *c); break;
		default:
			if (*c < 0x20 || *c >= 0x7f)
				printf("\\x%02x", *c);
			else
				putchar(*c);
		}
	}
	printf("\"\n");
}

/* lines prints those lines of a file that begin with one of the words, or all when words is NULL. */
static void lines(const char *name, const char *path, const char *const *words)
{
	char line[4096];
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		int wanted = words == NULL;
		for (int i = 0; !wanted && words[i]; i++)
			wanted = strncmp(line, words[i], strlen(words[i])) == 0;
		if (wanted)
			quoted(name, line);
	}
	fclose(f);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void descriptors(void)
{
	struct dirent **entries;
	/* scandir has closed the directory when it returns: its descriptor is in the list, but has no target any more. */
	int n = scandir("/proc/self/fd", &entries, NULL, by_number);
	for (int i = 0; i < n; i++) {
		char path[64], target[4096], text[4200];
		if (entries[i]->d_name[0] == '.')
			continue;
		int fd = atoi(entries[i]->d_name);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t len = readlink(path, target, sizeof target - 1);
		if (len < 0)
			continue;
		target[len] = 0;
		snprintf(text, sizeof text, "%d -> %s flags=%#o", fd, target, fcntl(fd, F_GETFL));
		quoted("fd", text);
	}
}

static int status(int argc, char **argv, char **environment, const char *file)
{
	/* Of its own, so that the output is written at once and the list of descriptors comes first. */
	char buffer[1 << 16], cwd[4096];
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	descriptors();
	lines("status", "/proc/self/status",
	      (const char *const[]){"SigBlk:", "SigIgn:", "SigCgt:", "Umask:", "NoNewPrivs:", "CapEff:", "Groups:", NULL});
	lines("limit", "/proc/self/limits", NULL);
	lines("oom_score_adj", "/proc/self/oom_score_adj", NULL);
	printf("nice \"%d\"\n", getpriority(PRIO_PROCESS, 0));
	for (char **e = environment; *e; e++)
		quoted("env", *e);
	quoted("cwd", getcwd(cwd, sizeof cwd) ? cwd : "?");
	for (int i = 0; i < argc; i++)
		quoted("arg", argv[i]);
	/* Until here nothing was written. */
	if (file) {
		int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || (fd != 1 && dup2(fd, 1) < 0))
			return 99;
	}
	return fflush(stdout) ? 99 : 0;
}

static int print_signals(int last)
{
	sigset_t all;
	siginfo_t info;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("ready pid=%d\n", getpid());
	for (;;) {
		int sig = sigwaitinfo(&all, &info);
		if (sig < 0)
			continue; /* EINTR after STOP and CONT */
		printf("%d code=%d from=%d\n", sig, info.si_code, info.si_pid);
		if (sig == last)
			return 0;
	}
}

static int tally(const char *file, int n)
{
	char text[32] = "";
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		return 99;
	int count = atoi(text) + 1;
	int len = snprintf(text, sizeof text, "%d\n", count);
	if (pwrite(fd, text, len, 0) != len)
		return 99;
	return count < n ? 1 : print_signals(SIGTERM);
}

static int fork_bomb(int ignored)
{
	if (ignored)
		signal(ignored, SIG_IGN);
	printf("ready pid=%d\n", getpid());
	fflush(stdout);
	while (fork() > -2)
		;
	return 99;
}

/*
 * Each orphan is made by a middle process that ends at once. Of every two orphans one ends before its parent, so that
 * it is inherited dead, and one after it.
 */
static int orphan(int dead_before)
{
	int status;
	pid_t middle = fork();
	if (middle == 0) {
		pid_t parent = getpid(), orphan = fork();
		if (orphan == 0)
			while (!dead_before && getppid() == parent)
				sched_yield();
		else if (orphan > 0 && dead_before)
			waitid(P_PID, orphan, &(siginfo_t){0}, WEXITED | WNOWAIT);
		_exit(orphan < 0);
	}
	return middle > 0 && waitpid(middle, &status, 0) == middle && status == 0;
}

static int litter(int n)
{
	printf("ready pid=%d\n", getpid());
	fflush(stdout);
	for (int c; (c = getchar()) != EOF;) {
		if (c != '\n')
			continue;
		for (int i = 0; i < n; i++)
			if (!orphan(i % 2))
				return 99;
		printf("littered %d\n", n);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv, char **environment)
{
	if (argc >= 2 && strcmp(argv[1], "status") == 0)
		return status(argc, argv, environment, NULL);
	if (argc >= 3 && strcmp(argv[1], "status-to") == 0)
		return status(argc, argv, environment, argv[2]);
	if (argc >= 2 && strcmp(argv[1], "print-signals") == 0)
		return print_signals(argc > 2 ? atoi(argv[2]) : SIGTERM);
	if (argc == 4 && strcmp(argv[1], "tally") == 0)
		return tally(argv[2], atoi(argv[3]));
	if (argc >= 2 && strcmp(argv[1], "fork-bomb") == 0)
		return fork_bomb(argc > 2 ? atoi(argv[2]) : 0);
	if (argc == 3 && strcmp(argv[1], "litter") == 0)
		return litter(atoi(argv[2]));
	fprintf(stderr, "usage: see the head of raw.c\n");
	return 99;
}
