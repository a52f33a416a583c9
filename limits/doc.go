// Package limits says what the child may use: it parses, formats and checks
// sizes, durations and rlimits, and finds the memory limit that is in effect
// around us. It sets nothing, decides nothing and prints nothing.
//
// Words:
//
//   - size: a number of bytes, base 1024; "512M", "512MB" and "512MiB" are the
//     same size, as people mean them.
//   - amount: a size, or a percentage of a total that is known only later.
//   - soft, hard: the two values of an rlimit, as in setrlimit(2): the kernel
//     enforces soft; hard is the ceiling for soft.
//   - in force: the values a process has now, before we set any.
//
// Every parser takes the text of a flag as the user wrote it, refuses what it
// does not understand, names the value and the cure, and never panics. An
// overflow is an error, never a smaller number. Parsing is exact: no floating
// point is used.
package limits
