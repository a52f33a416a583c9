// Package completions has what shells need to complete the command line of relance,
// as internal/manual has written it from the flags.
package completions

import _ "embed"

var (
	//go:embed relance.bash
	bash string
	//go:embed relance.zsh
	zsh string
	//go:embed relance.fish
	fish string
)

// Of returns the text for a shell, and whether it is a known one: bash, zsh, fish.
func Of(shell string) (text string, known bool) {
	switch shell {
	case "bash":
		return bash, true
	case "zsh":
		return zsh, true
	case "fish":
		return fish, true
	}
	return "", false
}
