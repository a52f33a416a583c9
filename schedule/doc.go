// Package schedule says when a planned recycle comes: at an age, at times of the
// day, in windows, spread over a fleet. It reads no clock, waits for nothing and
// decides nothing: [Plan.Next] gets all it needs by its arguments. The one thing
// it takes from outside is the table of a time zone ([ParseZone]).
//
// Words:
//
//   - planned: due by the clock, not because something was used up.
//   - wall time: what a clock on the wall shows. Moment: what it is that moment
//     everywhere.
//   - window: a time in which planned recycles may happen. Open: such a time.
//   - jitter: by how much a recycle is put off, so that a fleet spreads.
//
// # When the clocks change
//
// A time that is jumped over comes once, at the jump: 02:30 comes at 03:00 where
// the clock goes from 02:00 to 03:00. A time that comes twice has its recycle the
// first time only. Windows open and close by the same rule. Others do it so:
//
//   - cron(8) of Debian: "If the time has moved forwards, those jobs which would
//     have run in the time that was skipped will be run soon after the change.
//     Conversely, if the time has moved backwards by less than 3 hours, those jobs
//     that fall into the repeated time will not be re-run." Larger changes are
//     corrections. Jobs with a star for the minute or the hour follow the clock as
//     it runs.
//   - systemd timers leave out what is jumped over, take the first of the repeated
//     times and, as a consequence, do nothing for an hour where a timer is hourly
//     (systemd issues 5595 and 8647; version 252 still does).
//
// Ours is cron's rule: a service that leaks wants its recycle in that night too.
// One thing is different. Only an expression that names every hour follows the
// clock as it runs; "*/15 2 * * *" names an hour, so its times come once each.
// And a date that a zone leaves out (Samoa, 30 December 2011) has no times.
package schedule
