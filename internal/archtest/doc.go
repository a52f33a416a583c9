// Package archtest holds the tests of the shape of the program: which room may
// import which, what must not be used where, how long a file and a function may
// be. The table of rooms is read from HACKING.md, so that what people read is
// what is enforced.
package archtest
