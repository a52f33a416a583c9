package main

import (
	"regexp"
	"strings"
	"unicode"
)

// page writes the language of man(7).
type page struct{ strings.Builder }

// line writes one line as it is.
func (p *page) line(text string) {
	p.WriteString(text)
	p.WriteByte('\n')
}

// signs are those that roff would take for something else, or print as something
// that cannot be copied into a shell.
var signs = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

// plain escapes text that may stand anywhere in a line.
func plain(text string) string { return signs.Replace(text) }

var (
	flagWord   = regexp.MustCompile(`^([("]*)(--[a-z][a-z-]*)(.*)$`)
	manualWord = regexp.MustCompile(`^([("]*)([a-zA-Z_][\w.-]*)(\([1-8]\))(.*)$`)
)

// word escapes one word, and puts flags and names of manual pages in bold.
func word(text string) string {
	if m := flagWord.FindStringSubmatch(text); m != nil {
		return plain(m[1]) + bold(m[2]) + plain(m[3])
	}
	if m := manualWord.FindStringSubmatch(text); m != nil {
		return plain(m[1]) + bold(m[2]) + plain(m[3]+m[4])
	}
	return plain(text)
}

func bold(text string) string   { return `\fB` + plain(text) + `\fR` }
func italic(text string) string { return `\fI` + plain(text) + `\fR` }

// widest is how long a line of the page is at most, as mandoc(1) would have it.
const widest = 76

// prose writes running text: a line for each sentence, and more where it is long.
func (p *page) prose(text string) {
	text = strings.TrimSpace(text)
	line := ""
	flush := func() {
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		if line != "" {
			p.line(line)
		}
		line = ""
	}
	words := strings.Fields(text)
	for i, w := range words {
		shown := word(w)
		if line != "" && len(line)+1+len(shown) > widest {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += shown
		if i+1 < len(words) && ends(w, words[i+1]) {
			flush()
		}
	}
	flush()
}

// ends reports whether a sentence ends between two words.
func ends(w, next string) bool {
	w = strings.TrimRight(w, `)"'`)
	return strings.HasSuffix(w, ".") && !strings.HasSuffix(w, "..") && unicode.IsUpper([]rune(next)[0]) ||
		strings.HasSuffix(w, ".") && strings.HasPrefix(next, "--")
}

// paragraph writes text as it was written where it is indented, else as prose.
func (p *page) paragraph(text string) {
	if !strings.HasPrefix(text, "  ") {
		p.line(".PP")
		p.prose(text)
		return
	}
	p.line(".PP")
	p.line(".RS 4")
	p.line(".EX")
	for l := range strings.SplitSeq(text, "\n") {
		l = plain(strings.TrimPrefix(l, "  "))
		if strings.HasPrefix(l, ".") {
			l = `\&` + l
		}
		p.line(l)
	}
	p.line(".EE")
	p.line(".RE")
}

// flag writes one flag.
func (p *page) flag(f flag) {
	p.line(".TP")
	var names []string
	if f.Short != "" {
		names = append(names, bold("-"+f.Short))
	}
	for _, name := range f.Names {
		shown := bold("--" + name)
		switch {
		case f.Optional:
			shown += "[=" + italic(f.Value) + "]"
		case f.Value != "":
			shown += "=" + italic(f.Value)
		}
		names = append(names, shown)
	}
	p.line(strings.Join(names, ", "))
	help := f.Help
	if f.Repeated {
		help += " Can be given several times."
	}
	p.prose(help)
}

// flags writes all flags of a command under the headings of its groups.
func (p *page) flags(c command, heading string) {
	group := ""
	for _, f := range c.Flags {
		if f.Group != group {
			group = f.Group
			p.line(heading + " " + quoted(group))
		}
		p.flag(f)
	}
}

// quoted is an argument of a macro.
func quoted(text string) string { return `"` + plain(text) + `"` }
