package client_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"relance/requests"
	"relance/requests/client"
)

// serve starts a server for this process, whose address goes into the environment.
func serve(t *testing.T) (*requests.Server, *requests.Counter, chan requests.News) {
	t.Helper()
	counter := requests.NewCounter()
	counter.Begin(1)
	server, err := requests.Open(counter, "", func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	env, err := server.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	news := make(chan requests.News, 16)
	go server.Run(news)
	return server, counter, news
}

func figures(t *testing.T, c *requests.Counter, served, inFlight int64) {
	t.Helper()
	if s, f := c.Read(); s != served || f != inFlight {
		t.Errorf("%d served, %d in flight; want %d, %d", s, f, served, inFlight)
	}
}

func TestStream(t *testing.T) {
	server, counter, _ := serve(t)
	counter.Until(100)
	c, err := client.Connect()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Left(); ok {
		t.Error("something is left before anybody said so")
	}
	var all sync.WaitGroup
	for _, id := range []string{"", "a", "b", ""} {
		all.Go(func() {
			for range 10 {
				if c.Begin(id) != nil || c.End(id) != nil {
					t.Error("not heard")
				}
			}
		})
	}
	all.Wait()
	if err := c.Count(5); err != nil {
		t.Error(err)
	}
	if err := c.Hold(); err != nil {
		t.Error(err)
	}
	for _, bad := range []error{c.Begin("a b"), c.End(strings.Repeat("x", 65)), c.Begin("ä"), c.Count(-1), c.Count(1e9 + 1)} {
		if bad == nil {
			t.Error("taken")
		}
	}
	select {
	case <-c.Draining():
		t.Error("draining")
	default:
	}
	server.Drain()
	select {
	case <-c.Draining():
	case <-time.After(30 * time.Second):
		t.Fatal("not told of the stop")
	}
	if err := c.Err(); err != nil {
		t.Error(err)
	}
	counter.Idle()
	figures(t, counter, 45, 1) // it holds
	if err := c.End("never begun"); err == nil {
		t.Error("an id with spaces")
	}
	if err := c.End("c"); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, ok := c.Left(); c.Err() == nil || !ok || left != 55 {
		t.Errorf("%v; left %d, %v", c.Err(), left, ok)
	}
	figures(t, counter, 45, 0)
	if c.Begin("") == nil {
		t.Error("said on what is closed")
	}
}

func TestNotify(t *testing.T) {
	_, counter, news := serve(t)
	for _, fields := range [][]string{
		{client.Served(3), client.Begun("a")}, {client.Begun("b"), client.Ended("a")}, {client.Ready, client.Status("up\nand well"), client.Extend(time.Second)},
	} {
		if err := client.Notify(fields...); err != nil {
			t.Error(err)
		}
	}
	if err := client.Barrier(); err != nil {
		t.Error(err)
	}
	figures(t, counter, 4, 1)
	for _, want := range []requests.News{
		{Gen: 1, Kind: requests.Extend, By: time.Second}, {Gen: 1, Kind: requests.Ready}, {Gen: 1, Kind: requests.Status, Text: "up and well"},
	} {
		if got := <-news; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestAlone: without relance all of it succeeds, and does nothing.
func TestAlone(t *testing.T) {
	for _, name := range []string{"NOTIFY_SOCKET", "RELANCE_SOCKET"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	c, err := client.Connect()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{c.Begin(""), c.End("a"), c.Count(3), c.Hold(), c.Err(), c.Close(), client.Notify(client.Ready), client.Barrier()} {
		if err != nil {
			t.Error(err)
		}
	}
	if _, ok := c.Left(); ok {
		t.Error("somebody counts")
	}
}

func TestNobodyThere(t *testing.T) {
	t.Setenv("RELANCE_SOCKET", "@relance/none")
	if _, err := client.Connect(); err == nil || !strings.Contains(err.Error(), "RELANCE_SOCKET") {
		t.Error(err)
	}
	for _, address := range []string{"@relance/none", "/nonexistent", "vsock:2:1234"} {
		t.Setenv("NOTIFY_SOCKET", address)
		if err := client.Notify(client.Ready); err == nil || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
			t.Error(err)
		}
		if err := client.Barrier(); err == nil {
			t.Error("heard")
		}
	}
}
