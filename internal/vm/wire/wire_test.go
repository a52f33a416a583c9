package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	var buf bytes.Buffer
	payloads := [][]byte{nil, []byte("x"), bytes.Repeat([]byte{0, '\n', 255}, 20000)}
	for _, p := range payloads {
		if err := WriteFrame(&buf, Stderr, p); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range payloads {
		kind, got, err := ReadFrame(&buf)
		if err != nil || kind != Stderr || !bytes.Equal(got, want) {
			t.Fatalf("frame %d: kind %q, %d bytes, %v; want %d bytes", i, kind, len(got), err, len(want))
		}
	}
	if _, _, err := ReadFrame(&buf); err != io.EOF {
		t.Errorf("after the last frame: %v, want io.EOF", err)
	}
}

func TestReadFrameDamaged(t *testing.T) {
	for name, stream := range map[string]string{
		"head cut":    "o\x00\x00",
		"payload cut": "o\x00\x00\x00\x05abc",
		"no payload":  "o\x00\x00\x00\x05",
	} {
		if _, _, err := ReadFrame(strings.NewReader(stream)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v, want io.ErrUnexpectedEOF", name, err)
		}
	}
	if _, _, err := ReadFrame(strings.NewReader("o\xff\xff\xff\xff")); err == nil {
		t.Error("a length of 4 GiB was accepted")
	}
}

func TestReadConfigRefusesUnknownFields(t *testing.T) {
	if _, err := ReadConfig(strings.NewReader(`{"Args":["x"],"Later":1}`)); err == nil {
		t.Error("a field of another version was accepted")
	}
}
