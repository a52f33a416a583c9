package limits

import "golang.org/x/sys/unix"

// kind is the unit in which the kernel counts a resource.
type kind int

const (
	unitCount        kind = iota // files, processes, signals, priorities
	unitBytes                    // sizes
	unitSeconds                  // of CPU time
	unitMicroseconds             // of CPU time without a blocking call
	unitNice                     // 20 minus the nice value
)

// resource is one row of what getrlimit(2) describes.
type resource struct {
	name   string // as in prlimit(1)
	number int    // RLIMIT_*: differs between architectures (nofile is 5 on mips)
	kind   kind
}

// resources are all that Linux has, by name.
var resources = [16]resource{
	{"as", unix.RLIMIT_AS, unitBytes},
	{"core", unix.RLIMIT_CORE, unitBytes},
	{"cpu", unix.RLIMIT_CPU, unitSeconds},
	{"data", unix.RLIMIT_DATA, unitBytes},
	{"fsize", unix.RLIMIT_FSIZE, unitBytes},
	{"locks", unix.RLIMIT_LOCKS, unitCount},
	{"memlock", unix.RLIMIT_MEMLOCK, unitBytes},
	{"msgqueue", unix.RLIMIT_MSGQUEUE, unitBytes},
	{"nice", unix.RLIMIT_NICE, unitNice},
	{"nofile", unix.RLIMIT_NOFILE, unitCount},
	{"nproc", unix.RLIMIT_NPROC, unitCount},
	{"rss", unix.RLIMIT_RSS, unitBytes},
	{"rtprio", unix.RLIMIT_RTPRIO, unitCount},
	{"rttime", unix.RLIMIT_RTTIME, unitMicroseconds},
	{"sigpending", unix.RLIMIT_SIGPENDING, unitCount},
	{"stack", unix.RLIMIT_STACK, unitBytes},
}
