// Package ptytest holds the tests of relance on a terminal. They drive real
// programs, first of all an interactive bash, on a pseudo-terminal, and each
// does so in two arms: bare, and under the real static relance. Both must show
// the person at the terminal the same.
//
// Nothing here sleeps: a test waits for what the terminal shows, for a line of a
// program (misbehave and raw say "ready pid=N"), or for what /proc says of a
// process. Where a program that a test needs is missing the test is skipped, or
// fails where RELANCE_TEST_TOOLS=1 says that all of them are there.
package ptytest
