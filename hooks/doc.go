// Package hooks runs the commands that people want to be run when something happens:
// for each event, when a generation is up, and as a gate that a planned recycle waits
// for. docs/hooks.md is what it promises.
//
// Each is run by /bin/sh under a relance of its own (this program once more, without a
// flag), which is a child of ours: a subreaper, so that whatever the command leaves
// behind or sends into the background comes to it and not to us, and which ends when
// nothing is left. So nothing of a hook is ever taken for a part of the tree of a
// generation, and to end all of it is to send one signal.
//
// Beside them it runs errands: programs that relance itself needs, such as sendmail(8), in
// the same way and for whoever waits for what comes of them.
//
// It is an edge: when to start what for a generation is decided elsewhere. What is
// decided here is only about hooks: one at a time for each flag, in order, how many may
// wait, and for how long one may run.
//
// Words:
//
//   - run: one start of a command.
//   - door: the socket by which the command of a gate says that it has what it was
//     started for. To knock is to connect to it; the connection stays until the gate is
//     closed.
package hooks
