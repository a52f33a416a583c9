//go:build cgo

package entry

// A build with cgo (the race detector needs one) has a libc, which runs
// constructors before the Go runtime starts.

/*
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct relance_given { uint64_t blocked, ignored, closed, nofile_cur, nofile_max; };
static struct relance_given relance_given;

__attribute__((constructor)) static void relance_record(void) {
	struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } sa;
	struct rlimit rl;

	for (int sig = 1; sig <= 64; sig++)
		if (syscall(SYS_rt_sigaction, sig, 0, &sa, 8) == 0 && sa.handler == (void *)SIG_IGN)
			relance_given.ignored |= 1ULL << (sig - 1);
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			relance_given.closed |= 1ULL << fd;
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		relance_given.nofile_cur = rl.rlim_cur;
		relance_given.nofile_max = rl.rlim_max;
	}
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, &relance_given.blocked, 8);
}

static struct relance_given relance_recorded(void) { return relance_given; }
*/
import "C"

func recorded() (blocked, ignored, closed, noFileCur, noFileMax uint64) {
	g := C.relance_recorded()
	return uint64(g.blocked), uint64(g.ignored), uint64(g.closed), uint64(g.nofile_cur), uint64(g.nofile_max)
}
