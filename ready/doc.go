// Package ready knows when a generation is ready to serve, as --ready asks for it.
//
// [Parse] reads the word and is pure. [Prober] is a source: the owner says
// [Prober.Begin] before a generation is spawned and [Prober.End] when it is gone, asks
// by [Prober.Ask], and Run sends what a try has seen. A try is one look, of a second
// at most; when the next one is due, and when it is too late, the core decides.
//
// Words:
//
//   - kind: what is looked at, see [Kind].
//   - target: the address, URL or path that is looked at, perhaps with placeholders.
//   - placeholder: {worker} or {generation}, see [Spec.Target].
//   - try: one look.
//
// # Who answers
//
// A connection tells that somebody listens, not who. Where two generations or several
// workers live at once, each needs a target of its own, else one would be taken for
// ready because another one is: [Spec.Check] says where that is so. A held socket can
// be connected to at any time, as the kernel answers for who does not run.
package ready
