package main

import (
	"regexp"
	"strings"
	"testing"

	"relance/cli"
)

// with is what else a flag needs before its value is looked at.
var with = map[string][]string{
	"on-lost": {"--stdio=squid"}, "stdio-init": {"--stdio=jsonrpc"}, "count-stream": {"--count-lines=x", "--max-requests=5"},
	"listen-as": {"--listen=127.0.0.1:0"}, "observe": {"--memory-high=1G"}, "socket-dir": {"--notify=yes"}, "mail-on": {"--mail-to=a@b", "--smtp-url=smtp://localhost"}, "webhook-on": {"--webhook=http://127.0.0.1:9"},
	"ready": {"--handover", "--every=1h"},
}

// complaint is what relance says of a value.
func complaint(c command, f flag, value string) string {
	args := append([]string{c.Name}, with[f.Names[0]]...)
	_, err := cli.Parse(cli.Input{Args: append(args, "--"+f.Names[0]+"="+value, "--", "true"), Env: []string{"PATH=/bin"}})
	if err == nil {
		return ""
	}
	return err.Error()
}

// lists is the end of a message that names all values there are.
var lists = regexp.MustCompile(`use ([a-z-]+(?:, [a-z-]+)* or [a-z-]+)$|use some of ([a-z -]+), or nothing for all$|use (all or some of [a-z -]+)$`)

// TestWords: what is offered for a value is what relance itself names as good, and all
// of it; a flag that has such values offers them.
func TestWords(t *testing.T) {
	all, err := model()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range all[:2] {
		for _, f := range c.Flags {
			if f.Value == "" {
				continue
			}
			m := lists.FindStringSubmatch(complaint(c, f, "nonsense"))
			if m == nil {
				continue
			}
			seen++
			named := strings.FieldsFunc(strings.Replace(m[1]+m[2]+m[3], "some of", "", 1), func(r rune) bool { return r == ' ' || r == ',' })
			want := map[string]bool{}
			for _, word := range named {
				if word != "or" {
					want[word] = true
				}
			}
			for _, word := range f.Words {
				if !want[word] {
					t.Errorf("relance %s --%s offers %s, and says %q", c.Name, f.Names[0], word, m[0])
				}
				delete(want, word)
			}
			for word := range want {
				t.Errorf("relance %s --%s does not offer %s: its tag values in cli/flags.go", c.Name, f.Names[0], word)
			}
		}
	}
	if seen < 8 {
		t.Errorf("%d flags with such values, nothing can be told", seen)
	}
}

// TestOffered: no whole word that is offered is refused as one.
func TestOffered(t *testing.T) {
	all, err := model()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, c := range all[:2] {
		for _, f := range c.Flags {
			for _, word := range f.Words {
				if goesOn(word) || f.Kind != "" {
					continue
				}
				tried++
				said := complaint(c, f, word)
				if strings.HasPrefix(said, "--"+f.Names[0]+" ") && regexp.MustCompile(`: no such|: no (signal|capability)|is no reason|use a name`).MatchString(said) {
					t.Errorf("relance %s --%s %s: %s", c.Name, f.Names[0], word, said)
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("%d words, nothing can be told", tried)
	}
}
