package post

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocs: the table of keys in docs/webhook.md is what is sent.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| key | |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var said []string
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			said = append(said, m[1])
		}
	}
	slices.Sort(said)
	var want []string
	for key := range keys {
		want = append(want, key)
	}
	slices.Sort(want)
	if !slices.Equal(said, want) {
		t.Errorf("docs/webhook.md has %q, want %q", said, want)
	}
}
