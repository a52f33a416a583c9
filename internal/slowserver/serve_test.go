package main

import (
	"net/http/httptest"
	"testing"
)

// TestLeak: a request says how much it leaves behind, or the flag does.
func TestLeak(t *testing.T) {
	kept := func() (bytes int) {
		for _, one := range leaked.all {
			bytes += len(one)
		}
		return bytes
	}
	s := serve(nil, "1 1\n", 0, 100)
	for _, test := range []struct {
		target       string
		status, more int
	}{{"/", 200, 100}, {"/?leak=5000", 200, 5000}, {"/?leak=0", 200, 0}, {"/?leak=x", 400, 0}, {"/?leak=-1", 400, 0}} {
		before, answer := kept(), httptest.NewRecorder()
		s.http.Handler.ServeHTTP(answer, httptest.NewRequest("GET", test.target, nil))
		if answer.Code != test.status || kept()-before != test.more {
			t.Errorf("%s: status %d, %d bytes more; want %d, %d", test.target, answer.Code, kept()-before, test.status, test.more)
		}
	}
}
