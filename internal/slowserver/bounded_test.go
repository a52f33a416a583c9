package main

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
)

// crowd is a listener with somebody there at any time.
type crowd struct{ net.Listener }

func (crowd) Accept() (net.Conn, error) {
	here, _ := net.Pipe()
	return here, nil
}

func (crowd) Close() error { return nil }

// TestBounded: there are never more than there is room for, who leaves makes room for
// one, however often it is closed, and who waits for room hears of the end.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = 3
		l := bound(crowd{}, room)
		var guests []net.Conn
		var ended error
		go func() {
			for ended == nil {
				var c net.Conn
				if c, ended = l.Accept(); ended == nil {
					guests = append(guests, c)
				}
			}
		}()
		want := func(n int) {
			t.Helper()
			if synctest.Wait(); len(guests) != n || ended != nil {
				t.Fatalf("%d accepted, %v; want %d", len(guests), ended, n)
			}
		}
		want(room)
		for range 2 {
			guests[0].Close()
			want(room + 1)
		}
		guests[1].Close()
		want(room + 2)
		l.Close()
		if synctest.Wait(); !errors.Is(ended, net.ErrClosed) {
			t.Errorf("closed: %v", ended)
		}
	})
}
