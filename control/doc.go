// Package control is the hand on the wheel: a unix socket on which a running relance is
// asked how it goes, and told to recycle its command or to end. docs/control.md is the
// specification of what is said there, which is HTTP.
//
// Nobody who connects is trusted to be quick, to be well-behaved or to be few. Each
// connection is one request, bounded in size and time; so many are served at once, and
// when there is no room the one that has waited longest without asking for anything
// makes it. What a request wants of the loop is an [Ask], which the loop answers
// between two events; it never waits for a connection.
//
// [Find] and [Client] are the other side, for relance status and its like.
package control
