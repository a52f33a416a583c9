package main

import (
	_ "embed"
	"strings"
	"text/template"
)

//go:embed relance.1.tmpl
var manTemplate string

// manPage writes relance.1: the prose of the template, and what is told of commands
// and flags elsewhere already.
func manPage(all []command) (string, error) {
	t, err := template.New("relance.1").Funcs(template.FuncMap{
		"synopsis": func() string { return synopsis(all) },
		"options":  func() string { return options(all[0]) },
		"commands": func() string { return commands(all[1:]) },
		"examples": func() string { return examples(all[0]) },
	}).Parse(manTemplate)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, nil)
	return out.String(), err
}

// synopsis has a line for each command.
func synopsis(all []command) string {
	var p page
	for i, usage := range all[0].Usage {
		if i > 0 {
			p.line(".br")
		}
		var words []string
		for w := range strings.FieldsSeq(usage) {
			switch {
			case strings.ContainsAny(w, "[|") || w == strings.ToUpper(w):
				words = append(words, italic(w))
			default:
				words = append(words, bold(w))
			}
		}
		p.line(strings.Join(words, " "))
	}
	return strings.TrimSuffix(p.String(), "\n")
}

// options are the flags of relance itself.
func options(run command) string {
	var p page
	p.flags(run, ".SS")
	return strings.TrimSuffix(p.String(), "\n")
}

// commands tells what each further command's help does.
func commands(all []command) string {
	var p page
	for _, c := range all {
		p.line(".SS " + quoted("relance "+c.Name))
		p.line(".nf")
		p.line(plain(c.Usage[0]))
		p.line(".fi")
		for _, text := range c.Before {
			p.paragraph(text)
		}
		for _, f := range c.Flags {
			p.flag(f)
		}
		for _, text := range c.After {
			p.paragraph(text)
		}
	}
	return strings.TrimSuffix(p.String(), "\n")
}

// examples are those at the end of the help.
func examples(run command) string {
	var p page
	for i, text := range run.After {
		if i > 0 && run.After[i-1] == "Examples:" {
			p.paragraph(text)
		}
	}
	// A heading is followed by no macro of a paragraph.
	return strings.TrimSuffix(strings.TrimPrefix(p.String(), ".PP\n"), "\n")
}
