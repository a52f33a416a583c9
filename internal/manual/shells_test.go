package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"relance/internal/need"
)

// offers are lines that are typed, and what is offered for the word at the cursor. In
// the folder are app.toml, "a b.toml", unusual.txt and the folder dir; relance-test-a
// and relance-test-b are commands, and the former completes with word1 and word2.
var offers = []struct {
	line string
	want string
}{
	// Flags, of each command its own.
	{"relance --rest", "--restart --restart-signal"},
	{"relance --max-ag", "--max-age"},
	{"relance run --rest", "--restart --restart-signal"},
	{"relance exec --list", "--listen --listen-as"},
	{"relance exec --rest", ""},
	{"relance doctor --", "--help --json"},
	{"relance notify --st", "--status --stopping"},
	{"relance --every 1h --nic", "--nice"},
	// Commands of relance, and those to run.
	{"relance doct", "doctor"},
	{"relance relance-te", "relance-test-a relance-test-b"},
	{"relance -- relance-te", "relance-test-a relance-test-b"},
	{"relance exec --nice 5 relance-te", "relance-test-a relance-test-b"},
	{"relance --every 1h relance-te", "relance-test-a relance-test-b"},
	{"relance doctor relance-te", ""},
	{"relance completion ", "bash fish zsh"},
	// Values.
	{"relance --restart ", "always limits never on-failure"},
	{"relance --restart=li", "--restart=limits"},
	{"relance --log-format j", "json"},
	{"relance --stop-signal QU", "QUIT"},
	{"relance --rewrite HUP=QU", "HUP=QUIT"},
	{"relance --rewrite=HUP=QUIT,USR1=no", "--rewrite=HUP=QUIT,USR1=none"},
	{"relance --observe=memory-high,ag", "--observe=memory-high,age"},
	{"relance --rlimit nof", "nofile="},
	{"relance --ready not", "notify"},
	{"relance --user roo", "root"},
	{"relance exec --groups roo", "root"},
	{"relance --ambient-caps NET_BIND_SERVICE,SETF", "NET_BIND_SERVICE,SETFCAP"},
	{"relance --timezone Europe/Berl", "Europe/Berlin"},
	{"relance --memory-high ", ""},
	// Files, where the value is one.
	{"relance --config ap", "app.toml"},
	{"relance --config=ap", "--config=app.toml"},
	{"relance --config ./a", "./app.toml|./a b.toml"},
	{"relance --socket-dir ", "dir"},
	{"relance --watch u", "unusual.txt"},
	{"relance --listen unix:./un", "unix:./unusual.txt"},
	{"relance --ready=file:./un", "--ready=file:./unusual.txt"},
	// The command's own completion, and files where it has none.
	{"relance -- relance-test-a wo", "word1 word2"},
	{"relance relance-test-a wo", "word1 word2"},
	{"relance --every 1h --observe relance-test-a x wo", "word1 word2"},
	{"relance exec --nice 5 -- relance-test-a wo", "word1 word2"},
	{"relance --memory-high=1G -- relance-test-b un", "unusual.txt"},
	{"relance relance-test-b --restart=nev", ""},
	{"relance -- relance-test-b -- --rest", ""},
	{"relance -- relance exec --list", "--listen --listen-as"},
	{"relance -- doctor --j", ""},
}

// prepared is a shell's own way to complete relance-test-a, after which it knows
// relance too.
var prepared = map[string]string{
	"bash": `set -u; complete -W 'word1 word2' relance-test-a; . "$COMPLETIONS/relance.bash"`,
	"bash with bash-completion": `. /usr/share/bash-completion/bash_completion; complete -W 'word1 word2' relance-test-a; ` +
		`. "$COMPLETIONS/relance.bash"`,
	"zsh": `fpath=("$PWD/../functions" $fpath); autoload -Uz compinit; compinit -u -D; ` +
		`_a() { compadd word1 word2 }; compdef _a relance-test-a`,
	"zsh by source": `autoload -Uz compinit; compinit -u -D; . "$COMPLETIONS/relance.zsh"; ` +
		`_a() { compadd word1 word2 }; compdef _a relance-test-a`,
	"fish": `complete -c relance-test-a -f -a 'word1 word2'; . "$COMPLETIONS/relance.fish"`,
}

// folder makes the world of the offers, and returns the environment of a shell in it.
func folder(t *testing.T) (dir string, env []string) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "here")
	for _, name := range []string{"here/dir", "bin", "functions", "home"} {
		if err := os.MkdirAll(filepath.Join(top, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"here/app.toml", "here/a b.toml", "here/unusual.txt", "bin/relance-test-a", "bin/relance-test-b"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	completions, err := filepath.Abs("../../completions")
	if err == nil {
		err = os.Symlink(completions+"/relance.zsh", top+"/functions/_relance")
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, []string{
		"PATH=" + top + "/bin:" + os.Getenv("PATH"), "HOME=" + top + "/home", "TERM=dumb", "LANG=C.UTF-8", "COMPLETIONS=" + completions,
	}
}

// compare compares what a shell offers. Whether a flag is offered with its '=', and a
// folder with its '/', is the shell's own way.
func compare(t *testing.T, line string, got []string, want string) {
	t.Helper()
	for i, word := range got {
		if strings.HasPrefix(word, "--") && strings.Count(word, "=") == 1 {
			word = strings.TrimSuffix(word, "=")
		}
		got[i] = strings.TrimSuffix(word, "/")
	}
	sep := " "
	if strings.Contains(want, "|") {
		sep = "|"
	}
	wants := strings.Split(want, sep)
	if want == "" {
		wants = nil
	}
	slices.Sort(got)
	slices.Sort(wants)
	if !slices.Equal(got, wants) {
		t.Errorf("%q: offered %q, want %q", line, got, wants)
	}
}

func ownNames(t *testing.T) []string {
	t.Helper()
	all, err := model()
	if err != nil {
		t.Fatal(err)
	}
	return commandNames(all)
}

func TestBash(t *testing.T) {
	bash := need.Program(t, "bash", "bash")
	for _, kind := range []string{"bash", "bash with bash-completion"} {
		t.Run(kind, func(t *testing.T) {
			if kind != "bash" {
				if _, err := os.Stat("/usr/share/bash-completion/bash_completion"); err != nil {
					need.Lack(t, "%v (apt install bash-completion)", err)
				}
			}
			sh := start(t, bash, "--norc", "--noprofile", "-i")
			sh.prepare(bashAnswers + prepared[kind])
			for _, o := range offers {
				compare(t, o.line, sh.offered(o.line), o.want)
			}
			compare(t, "nothing", sh.offered("relance "), strings.Join(ownNames(t), " "))
			// A space follows what is whole, and nothing what is to be gone on with.
			for line, want := range map[string]string{
				"relance --restart-s\x14USR1": "<--restart-signal=USR1>", "relance --listen 1.2.3.4:1 --ready uni\x14/run/a": "<--listen><1.2.3.4:1><--ready><unix:/run/a>",
				"relance --restart lim\x14x": "<--restart><limits><x>", "relance --config a\\ b\x14x": "<--config><a b.toml><x>",
			} {
				sh.send(line + "\n")
				if got := string(answered.FindSubmatch(sh.until(answered))[1]); got != want {
					t.Errorf("%q: got %s, want %s", line, got, want)
				}
			}
		})
	}
}

func TestZsh(t *testing.T) {
	zsh := need.Program(t, "zsh", "zsh")
	for _, kind := range []string{"zsh", "zsh by source"} {
		t.Run(kind, func(t *testing.T) {
			sh := start(t, zsh, "-f", "-i")
			sh.prepare(zshAnswers + prepared[kind] +
				`; zstyle ':completion:*' completer _all_matches _complete; zstyle ':completion:*' insert yes`)
			for _, o := range offers {
				compare(t, o.line, sh.offered(o.line), o.want)
			}
		})
	}
}

// bashAnswers and zshAnswers make commands named relance that print their words, and
// of the former that Tab puts all that is offered into the line, and Ctrl-T does what
// Tab does for people.
const (
	bashAnswers = `bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-query-items 0'; ` +
		`bind 'TAB: insert-completions'; bind '"\C-t": complete'; relance() { printf 'START'; printf '<%s>' "$@"; echo END; }; `
	zshAnswers = `unsetopt prompt_sp zle_bracketed_paste 2>/dev/null; LISTMAX=10000; ` +
		`relance() { print -rn -- START; printf '<%s>' "$@"; print END }; `
)

func TestFish(t *testing.T) {
	fish := need.Program(t, "fish", "fish")
	dir, env := folder(t)
	ask := func(before, line string) (words []string) {
		cmd := exec.Command(fish, "-c", before+"; complete -C "+fishQuoted(line))
		cmd.Dir, cmd.Env, cmd.Stderr = dir, env, os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for l := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
			words = append(words, strings.ReplaceAll(word, `\ `, " "))
		}
		return words
	}
	for _, o := range offers {
		compare(t, o.line, ask(prepared["fish"], o.line), o.want)
	}
	compare(t, "without", ask("true", "relance --rest"), "")
}

// Without what is tested nothing of it is offered.
func TestBareShells(t *testing.T) {
	for shell, args := range map[string][]string{"bash": {"--norc", "--noprofile", "-i"}, "zsh": {"-f", "-i"}} {
		t.Run(shell, func(t *testing.T) {
			sh := start(t, need.Program(t, shell, shell), args...)
			if shell == "bash" {
				sh.prepare(bashAnswers)
			} else {
				sh.prepare(zshAnswers + `autoload -Uz compinit; compinit -u -D`)
			}
			compare(t, "without", sh.offered("relance --rest"), "")
		})
	}
}
