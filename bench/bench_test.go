package main

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestQuartiles(t *testing.T) {
	for _, test := range []struct {
		sample []time.Duration
		want   quartiles
	}{
		{nil, quartiles{}},
		{[]time.Duration{7}, quartiles{1, 7, 7, 7}},
		{[]time.Duration{30, 10, 20}, quartiles{3, 15, 20, 25}},
		{[]time.Duration{40, 10, 30, 20, 1000}, quartiles{5, 20, 30, 40}},
	} {
		if got := quartilesOf(test.sample); got != test.want {
			t.Errorf("quartilesOf(%v) = %v, want %v", test.sample, got, test.want)
		}
	}
}

func TestGapsOf(t *testing.T) {
	var records []byte
	for _, n := range []uint64{100, 110, 150, 160, 165, 180} {
		records = binary.NativeEndian.AppendUint64(records, n)
	}
	want := []time.Duration{40, 5}
	if got := gapsOf(records); !slices.Equal(got, want) {
		t.Errorf("gapsOf = %v, want %v", got, want)
	}
	if got := gapsOf(records[:recordSize+3]); got != nil {
		t.Errorf("gapsOf(one record and a part) = %v, want none", got)
	}
}

func TestParseStat(t *testing.T) {
	got, err := parseStat("12 (a) S (b) R 7 12 12 0")
	if want := (stat{12, 7, "a) S (b", "R"}); err != nil || got != want {
		t.Errorf("parseStat = %+v, %v, want %+v", got, err, want)
	}
	if _, err := parseStat("12 nothing"); err == nil {
		t.Error("parseStat of a line without a name: no error")
	}
}

func TestParseField(t *testing.T) {
	const text = "voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\nVmRSS:\t 696 kB\n"
	for field, want := range map[string]int{"voluntary_ctxt_switches:": 3, "nonvoluntary_ctxt_switches:": 4, "VmRSS:": 696} {
		if got, err := parseField(text, field); got != want || err != nil {
			t.Errorf("parseField(%s) = %d, %v, want %d", field, got, err, want)
		}
	}
	if _, err := parseField(text, "ctxt_switches:"); err == nil {
		t.Error("parseField of a part of a name: no error")
	}
}

func TestParseSchedstat(t *testing.T) {
	for text, want := range map[string]time.Duration{"242734 127477 2\n": 242734, "": 0, "x 1 2": 0} {
		if got := parseSchedstat(text); got != want {
			t.Errorf("parseSchedstat(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestWriteTable(t *testing.T) {
	var out strings.Builder
	writeTable(&out, [][]string{{"", "us"}, {"tini -s", "7"}, {"bare", "1200"}})
	if want := "             us\n  tini -s     7\n  bare     1200\n"; out.String() != want {
		t.Errorf("table\n%q, want\n%q", out.String(), want)
	}
}

func TestSpansOf(t *testing.T) {
	var records []byte
	for _, n := range []uint64{100, 110, 150, 160, 165} {
		records = binary.NativeEndian.AppendUint64(records, n)
	}
	if got := spansOf(records); !slices.Equal(got, []time.Duration{10, 10}) {
		t.Errorf("spansOf = %v, want 10 twice, and no half record", got)
	}
}
