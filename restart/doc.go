// Package restart decides: it takes what happened, one event at a time, and says
// what is to be done. It does nothing itself.
//
// It imports little more than time, starts nothing, asks nobody and reads no
// clock: the same state, the same event and the same
// now give the same actions. [Core.Step] is called by one loop, which tells it
// all that happens and carries out what it says, in order; [Core.Deadline] is the
// one timer of the whole program. So everything that relance ever decides can be
// played in a test, and is: testdata holds scripts of events and the actions that
// answer them.
//
// # Words
//
//   - child: the command as started once. Tree: the child and every descendant.
//   - generation: one run of the command, numbered from 1. Every event and every
//     action about a child carries its number; news of another generation are
//     late, and dropped.
//   - slot: the place that always holds one healthy generation. Worker: its number,
//     where there are several.
//   - course: the way of one generation through the states. A slot has one, and at
//     most one more, of a candidate or of a retired generation.
//   - ready: it can do its work, as far as it is known ([Readiness]). A slot serves
//     where the generation at hand is up and ready.
//   - handover: a recycle in which the next generation starts first. Candidate: the
//     one that is to take over when it is ready. Retired: the one that it has taken
//     over from, and which leaves. A candidate that ends before is followed by
//     another try, for as long as it takes.
//   - turn: when a planned recycle may begin, so that they do not come together.
//     Queued: it waits for that.
//   - limit: enforced by the kernel. Budget: watched by relance.
//   - recycle: a planned stop and relaunch, or the end at a limit. A crash is an
//     end that nobody asked for. A recycle is never counted as a crash.
//   - relaunch: start the next generation, which happens only when the tree of
//     the last one is empty, or retired.
//   - reason: why a generation ended, one of a closed list ([Reason]).
//   - look: a measurement of the tree. Verdict: two looks in a row that saw the
//     budget spent.
//   - observed: a verdict that is only said.
//   - alarm: the clock of the child's CPU time wakes us.
//   - touched: a file may have changed. Settled: nothing was touched for a while.
//     Examined: it is known whether the content has changed.
//   - quiet: a moment in which the tree uses no CPU to speak of.
//   - in flight: a request that is being served. Drain: let what is in flight end,
//     and take nothing new. Lost: a request that got no true answer. Owed: one that
//     is asked again of the next generation.
//   - planned: due by the clock ([Plan]), not because something was used up.
//   - window: when recycles may begin. Deferred: spent outside it, and waiting.
//   - grace: the time between the stop signal and SIGKILL.
//   - backoff: the delay before a relaunch that may be in vain, doubled each time.
//     Healthy: a run so long that the delay begins anew. Give up: no more tries
//     after so many crashes within so long.
//   - recovered: healthy after failures in a row, or within the budget after a recycle.
//   - asked: somebody wants relance to end. Who asks a second time cannot wait.
//   - interrupted: the terminal sent a signal to the child as well as to us, and
//     it is the child's affair whether that is an end.
package restart
