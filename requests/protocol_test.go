package requests

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"relance/internal/need"
)

// specification is docs/protocol.md; its indented blocks are what others copy.
func specification(t *testing.T) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	block := ""
	for line := range strings.Lines(string(text)) {
		if code, indented := strings.CutPrefix(line, "    "); indented {
			block += code
		} else if block != "" {
			blocks = append(blocks, block)
			block = ""
		}
	}
	return blocks
}

// TestSpecifiedDialogue: the example of the specification is what happens.
func TestSpecifiedDialogue(t *testing.T) {
	b := start(t)
	b.counter.Until(2)
	p, lines := b.dial(), 0
	for _, block := range specification(t) {
		if !strings.HasPrefix(block, "server   relance 1\n") {
			continue
		}
		for line := range strings.Lines(block) {
			text := strings.TrimRight(line[len("server   "):], "\n")
			lines++
			switch {
			case strings.HasPrefix(line, "client"):
				p.say(text + "\n")
			case text == "drain":
				b.Drain()
				p.expect(text)
			case strings.HasPrefix(line, "server"):
				p.expect(text)
			}
		}
	}
	if lines != 15 {
		t.Errorf("%d lines in the dialogue", lines)
	}
	b.figures(3, 0)
}

// TestSpecifiedPrograms: those in Python work as they are printed.
func TestSpecifiedPrograms(t *testing.T) {
	python := need.Python(t)
	b, ran := start(t), 0
	for _, block := range specification(t) {
		if !strings.HasPrefix(block, "import ") {
			continue
		}
		ran++
		// It waits before it leaves, as one that is gone cannot be told from a stranger.
		cmd := exec.Command(python, "-c", block+"\nprint('said', flush=True)\ninput()")
		cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+b.env["NOTIFY_SOCKET"], "RELANCE_SOCKET="+b.env["RELANCE_SOCKET"])
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "said\n" {
			t.Errorf("%q, %v:\n%s", line, err, block)
		}
		b.notify() // what was sent before is heard
		b.figures(int64(ran), 0)
		_, _ = in.Write([]byte("\n"))
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v:\n%s", err, block)
		}
	}
	if ran != 2 {
		t.Errorf("%d programs", ran)
	}
	if s := b.heard(); s != "" {
		t.Errorf("said: %s", s)
	}
}
