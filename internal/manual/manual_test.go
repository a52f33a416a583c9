package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"relance/cli"
	"relance/internal/need"
)

// TestCurrent: the files that are there are those that would be written.
func TestCurrent(t *testing.T) {
	files, err := write()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
	for path, want := range files {
		got, err := os.ReadFile("../../" + path)
		if err != nil {
			t.Error(err)
		} else if string(got) != want {
			t.Errorf("%s is not what the flags make of it: run make usage", path)
		}
	}
}

// helpFlag is a flag as --help has it, with what stands for its value.
var helpFlag = regexp.MustCompile(`(?m)^ {2,8}(?:-\w, )?(--[a-z][a-z-]*)(\S*)`)

// inShell says where a script has a flag of a command: both are put in for %s.
var inShell = map[string]string{
	"bash": `\n\t%s\)\n\t\tflags='([^']* )?--%s[ =']`,
	"zsh":  `\n\t\(%s\)\n(\t\t.*\n)*?\t\t\t'(\*|\([^)]*\))?--%s(=-?)?\[`,
	"fish": `\ncomplete -c relance -n '__relance_flags %s'( -s .)?( -l \S+)* -l %s `,
}

// TestAgainstHelp: the page has the flags of --help, with the same values, and no
// other ones, of each command; and so have the completions.
func TestAgainstHelp(t *testing.T) {
	all, err := model()
	if err != nil {
		t.Fatal(err)
	}
	known, err := cli.Commands()
	if err != nil {
		t.Fatal(err)
	}
	text, err := manPage(all)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for shell := range templates {
		if texts[shell], err = completion(shell, all); err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for i, own := range known {
		var want, got []string
		for _, m := range helpFlag.FindAllStringSubmatch(own.Help, -1) {
			want = append(want, m[1]+m[2])
		}
		for _, f := range all[i].Flags {
			var p page
			p.flag(f)
			if !strings.Contains(text, p.String()) {
				t.Errorf("relance %s: --%s and its help are not in the page", own.Name, f.Names[0])
			}
			// A flag has one line in the help, under its own name.
			got = append(got, "--"+f.Names[0]+shownValue(f))
			for shell, script := range texts {
				if !regexp.MustCompile(fmt.Sprintf(inShell[shell], own.Name, f.Names[0])).MatchString(script) {
					t.Errorf("relance %s: --%s is not in the completion of %s", own.Name, f.Names[0], shell)
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("relance %s: got %q, --help has %q", own.Name, got, want)
		}
		total += len(got)
		if own.Name != "run" && !slices.Contains(all[0].Usage, all[i].Usage[0]) {
			t.Errorf("relance --help has no line %q", all[i].Usage[0])
		}
	}
	if total < 80 {
		t.Errorf("%d flags, nothing can be told", total)
	}
}

func shownValue(f flag) string {
	switch {
	case f.Value == "", f.Optional && f.Group != general:
		return ""
	case f.Optional:
		return "[=" + f.Value + "]"
	}
	return "=" + f.Value
}

// TestPageRenders: those who show manual pages have nothing to say about it.
func TestPageRenders(t *testing.T) {
	page, err := os.ReadFile("../../man/relance.1")
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(string(page), ".SH SYNOPSIS", ".SH SYNOPSIS\n\\fX\\[nonsense]\n.XX", 1)
	for _, viewer := range []struct {
		debian string
		words  []string
	}{
		{"man-db", []string{"man", "--warnings", "-E", "UTF-8", "-l", "-"}},
		{"groff-base", []string{"groff", "-man", "-ww", "-Tutf8"}},
		{"mandoc", []string{"mandoc", "-T", "lint", "-W", "style"}},
	} {
		t.Run(viewer.words[0], func(t *testing.T) {
			program := need.Program(t, viewer.words[0], viewer.debian)
			run := func(text string) (shown, said string) {
				var out, complaints strings.Builder
				cmd := exec.Command(program, viewer.words[1:]...)
				cmd.Env = append(os.Environ(), "MANWIDTH=80", "LANG=C.UTF-8", "MANROFFOPT=", "MANPAGER=cat", "GROFF_NO_SGR=1")
				cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &out, &complaints
				_ = cmd.Run() // what it has to say is on its stderr, or stdout
				return out.String(), complaints.String()
			}
			shown, said := run(string(page))
			lint := viewer.words[0] == "mandoc"
			if said != "" || lint && shown != "" {
				t.Errorf("%s%s", said, shown)
			}
			if plainText := overstruck.ReplaceAllString(shown, ""); !lint && !strings.Contains(plainText, "--memory-high=SIZE|PCT") {
				t.Errorf("--memory-high is not shown in %q", plainText)
			}
			if shown, said := run(bad); said == "" && (!lint || shown == "") {
				t.Error("it says nothing of a page that is wrong")
			}
		})
	}
}

// overstruck is how a page is made bold for a terminal that has nothing else.
var overstruck = regexp.MustCompile(".\b")

// TestReadHelp: a help that is not of the form is refused.
func TestReadHelp(t *testing.T) {
	const good = "Usage: relance x [--json] [NAME|one]\n\nTell all: and more.\n\nFlags:\n  -h, --help  Show this.\n      --a=b|c\n" +
		"                  Which.\n      --d[=N]     Some,\n                  or none.\n\nExample:\n  relance x\n"
	var c command
	if err := c.readHelp(good); err != nil {
		t.Fatal(err)
	}
	if c.About != "Tell all" || len(c.Flags) != 3 || c.Flags[0].Short != "h" || c.Flags[1].Help != "Which." ||
		!slices.Equal(c.Flags[1].Words, []string{"b", "c"}) || !c.Flags[2].Optional || c.Flags[2].Value != "N" ||
		c.Flags[2].Help != "Some, or none." || !slices.Equal(c.After, []string{"Example:", "  relance x"}) || c.Runs || c.Words != nil {
		t.Errorf("%+v", c)
	}
	for _, bad := range []string{"", "relance x", "Usage: relance x\n", "Usage: relance x\n\nIt does.\n"} {
		if err := new(command).readHelp(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
