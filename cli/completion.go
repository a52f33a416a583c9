package cli

import (
	"strings"

	"relance/completions"
)

// verbCompletion stands first for "relance completion".
const verbCompletion = "completion"

const completionHelp = `Usage: relance completion bash|zsh|fish

Print what a shell needs to complete the flags of relance, and after them the
words of the command that it runs. It goes to where the shell looks for it:

  relance completion bash > /etc/bash_completion.d/relance
  relance completion zsh > /usr/local/share/zsh/site-functions/_relance
  relance completion fish > /etc/fish/completions/relance.fish

Flags:
  -h, --help    Show this help.

Exit status: 0; 125 there is no such shell.
`

// parseCompletion reads its one word.
func parseCompletion(words []string) (any, error) {
	hint := "relance completion bash, zsh or fish; a command of that name is run with relance -- completion"
	switch {
	case len(words) == 0:
		return nil, &Error{Msg: "completion: for which shell?", Hint: hint}
	case words[0] == "-h" || words[0] == "--help":
		return Print{completionHelp}, nil
	case len(words) > 1:
		return nil, &Error{Msg: "completion " + quoteIfNeeded(strings.Join(words, " ")) + ": one shell at a time", Hint: hint}
	}
	text, known := completions.Of(words[0])
	if !known {
		return nil, &Error{Msg: "completion " + quoteIfNeeded(words[0]) + ": no such shell, use bash, zsh or fish", Hint: hint}
	}
	return Print{text}, nil
}
