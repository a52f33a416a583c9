// Package systemd tells where in systemd's tree of units a process is, asks systemd
// whether the group of that unit is handed over to it, and for a scope: a unit
// around processes that systemd did not start, with a group that is handed over to
// them (systemd.scope(5), org.freedesktop.systemd1(5)).
//
// It is an edge: nothing happens before it is called, one call is one exchange
// on a socket in the goroutine of the caller, with an end in time, and nothing
// stays behind but the scope. The bus and who answers on it are not trusted with
// more than the answer.
//
// Words:
//
//   - manager: the systemd that is asked. The system has one, and so has each user
//     who has logged in (user@UID.service).
//   - unit: what a manager calls a group it made.
package systemd
