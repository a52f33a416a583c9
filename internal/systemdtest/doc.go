// Package systemdtest runs programs as systemd does, and holds the tests of
// relance that need it: as a service of the system, delegated or not, in the
// session of an ordinary user, and as a service or scope of that user's own
// manager.
//
// The tests run in the virtual machine that vmrun -systemd boots, which has all
// of these; elsewhere they are skipped, unless RELANCE_TEST_SYSTEMD=1 says that
// they must run. A test gets a [Unit], waits for its lines, stops it with
// systemctl and asks for its end; what is left of it is removed when the test
// ends, and when the test failed, what systemd knows of it is in the log.
package systemdtest
