package main

import (
	_ "embed"
	"slices"
	"strings"
	"text/template"
)

var (
	//go:embed bash.tmpl
	bashTemplate string
	//go:embed zsh.tmpl
	zshTemplate string
	//go:embed fish.tmpl
	fishTemplate string
)

// templates are those of the completions, by the shell.
var templates = map[string]string{"bash": bashTemplate, "zsh": zshTemplate, "fish": fishTemplate}

// completion writes what a shell needs.
func completion(shell string, all []command) (string, error) {
	t, err := template.New(shell).Funcs(template.FuncMap{
		"join":   strings.Join,
		"single": single,
		"fish":   fishQuoted,
		"spec":   zshSpec,
		"values": values,
		"first":  firstSentence,
		"names":  commandNames,
		"words":  bashWords,
		"takers": takers,
		"more":   more,
	}).Parse(templates[shell])
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, all)
	return out.String(), err
}

func commandNames(all []command) (names []string) {
	for _, c := range all {
		names = append(names, c.Name)
	}
	return names
}

// bashWords are the flags of a command, those that take a value with '=' at the end.
func bashWords(c command) (words []string) {
	for _, f := range c.Flags {
		for _, name := range f.Names {
			if !f.Takes() {
				words = append(words, "--"+name)
			}
			if f.Value != "" {
				words = append(words, "--"+name+"=")
			}
		}
		if f.Short != "" {
			words = append(words, "-"+f.Short)
		}
	}
	return words
}

// takers are the flags whose value may be the next word.
func takers(c command) (words []string) {
	for _, f := range c.Flags {
		for _, name := range f.Names {
			if f.Takes() {
				words = append(words, "--"+name)
			}
		}
	}
	return words
}

// offered are all flags for which the same values are offered.
type offered struct {
	// Keys are "COMMAND --FLAG".
	Keys  []string
	Words []string
	Kind  string
	List  bool
}

// values gathers what is offered for the values of all flags.
func values(all []command) (offers []offered) {
	for _, c := range all {
		for _, f := range c.Flags {
			if len(f.Words) == 0 && f.Kind == "" {
				continue
			}
			o := offered{Words: f.Words, Kind: f.Kind, List: f.List}
			for _, name := range f.Names {
				o.Keys = append(o.Keys, c.Name+" --"+name)
			}
			same := slices.IndexFunc(offers, func(other offered) bool {
				return other.Kind == o.Kind && other.List == o.List && slices.Equal(other.Words, o.Words)
			})
			if same >= 0 {
				offers[same].Keys = append(offers[same].Keys, o.Keys...)
			} else {
				offers = append(offers, o)
			}
		}
	}
	return offers
}

// More reports whether one of the words is to be gone on with.
func (o offered) More() bool { return more(o.Words) }

func more(words []string) bool { return slices.ContainsFunc(words, goesOn) }

// Open are the words that are to be gone on with.
func (o offered) Open() []string { return slices.DeleteFunc(slices.Clone(o.Words), whole) }

// Whole are the words that are all of a value.
func (o offered) Whole() []string { return slices.DeleteFunc(slices.Clone(o.Words), goesOn) }

func whole(word string) bool  { return !goesOn(word) }
func goesOn(word string) bool { return strings.ContainsAny(word[len(word)-1:], ":/=@") }

// firstSentence is as much of a help as a line has room for.
func firstSentence(help string) string {
	help = strings.TrimSuffix(help, ".")
	for _, end := range []string{". ", ": ", "; ", " ("} {
		help, _, _ = strings.Cut(help, end)
	}
	return help
}

// single is text in single quotes, as bash and zsh have them.
func single(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// fishQuoted is text in single quotes, as fish has them.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// zshSpec is what _arguments of zsh wants to know of a flag, once for each name.
func zshSpec(c command, f flag) (specs []string) {
	escape := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`)
	words := []string{}
	for _, name := range f.Names {
		words = append(words, "--"+name)
	}
	if f.Short != "" {
		words = append(words, "-"+f.Short)
	}
	for _, w := range words {
		spec := ""
		if f.Repeated {
			spec = "*"
		} else if len(words) > 1 {
			spec = "(" + strings.Join(words, " ") + ")"
		}
		spec += w
		switch {
		case f.Optional:
			spec += "=-"
		case f.Value != "":
			spec += "="
		}
		spec += "[" + escape.Replace(firstSentence(f.Help)) + "]"
		if f.Value != "" {
			action := " "
			if len(f.Words) > 0 || f.Kind != "" {
				action = " _relance_value " + c.Name + " --" + f.Names[0]
			}
			if f.Optional {
				spec += ":"
			}
			spec += ":" + escape.Replace(f.Value) + ":" + action
		}
		specs = append(specs, single(spec))
	}
	return specs
}
