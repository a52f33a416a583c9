// Package signals knows the signals: their names and numbers, what each of them
// means when it is sent to relance, how the user wants them rewritten, and how
// they are received without losing one.
//
// A signal sent to relance is meant for the child, with few exceptions: the ends
// of processes are our own business, TERM and INT ask relance itself to end, and
// what the kernel sends because of the terminal has reached the child already.
package signals
