package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"relance/cli"
	"relance/requests/client"
)

// notified says to the relance above us what todo wants to be said. A count goes to
// RELANCE_SOCKET where there is no NOTIFY_SOCKET; the rest has no other way, as a
// connection would end with us.
func notified(todo *cli.Notify) int {
	var err error
	switch {
	case os.Getenv("NOTIFY_SOCKET") != "":
		fields := todo.Fields
		if todo.Reloading {
			fields = append(fields, monotonic())
		}
		if err = client.Notify(fields...); err == nil {
			// Else we might be gone before relance can see that we belong to the command.
			err = client.Barrier()
		}
	case os.Getenv("RELANCE_SOCKET") != "" && todo.Others:
		err = &cli.Error{
			Msg:  "notify: NOTIFY_SOCKET is not set, and RELANCE_SOCKET does for --request alone",
			Hint: "what else is said by a program that ends at once needs NOTIFY_SOCKET",
		}
	default:
		err = counted(todo.Requests)
	}
	if err != nil {
		return refuse(err)
	}
	return 0
}

// counted says by the stream that n requests were served, and waits until it is heard.
func counted(n int) error {
	conn, err := client.Connect()
	if err != nil {
		return err
	}
	if err := conn.Count(n); err != nil {
		return err
	}
	return conn.Close()
}

// monotonic is what systemd wants to know beside RELOADING=1, sd_notify(3).
func monotonic() string {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // there is such a clock
	return fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000)
}
