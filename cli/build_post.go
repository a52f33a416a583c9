package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"relance/identity"
	"relance/limits"
	"relance/post"
	"relance/report"
)

// Posts are the ways in which people are told who are not looking.
type Posts struct {
	// Mail and Webhook are where it goes, nil: nowhere, and MailOn and WebhookOn what is
	// worth it.
	Mail              *post.Mail
	Webhook           *post.Webhook
	MailOn, WebhookOn report.Filter
	Pace              post.Pace
	// Kept are the last lines of stderr, for each generation that may live at once; nil:
	// none are kept.
	Kept post.Tails
	// Secrets are the variables that hold some.
	Secrets []string
	// Timeout is for how long the end waits for what is on its way.
	Timeout time.Duration
}

const (
	defaultPostLeast   = 5 * time.Minute
	defaultPostMost    = time.Hour
	defaultPostTimeout = 5 * time.Second
	// postGather is for how long the first event of a message waits for others: a crash is
	// told by some, one after the other.
	postGather = 5 * time.Second
	// postCalm is when a crash loop is over.
	postCalm = time.Hour
)

// These hold secrets, which no flag may: ps shows flags to all.
const (
	smtpPasswordEnv  = envPrefix + "_SMTP_PASSWORD"
	webhookSecretEnv = envPrefix + "_WEBHOOK_SECRET"
)

// maxSecret bounds the size of a secret, and of the file that it is in.
const maxSecret = 4096

// post sets who is told by mail and by webhook.
func (in Input) post(run *Run, f *runFlags) error {
	run.Posts.Pace = post.Pace{Gather: postGather, Least: defaultPostLeast, Most: defaultPostMost, Calm: postCalm}
	run.Posts.Timeout = defaultPostTimeout
	if err := f.needsPost(); err != nil {
		return err
	}
	of := post.From{Name: f.Name, Host: "localhost"}
	if host, err := os.Hostname(); err == nil {
		of.Host = host
	}
	if of.Name == "" && len(run.Settings.Argv) > 0 {
		of.Name = filepath.Base(run.Settings.Argv[0])
	}
	token := fmt.Sprintf("%s.%d", strconv.FormatInt(time.Now().UnixNano(), 36), os.Getpid())
	for _, step := range []func() error{
		func() error { return in.mail(run, f, of, token) },
		func() error { return in.webhook(run, f, of, token) },
		func() error { return run.Posts.pace(f) },
		func() error { return run.keepStderr(f) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// needsPost refuses the flags that say how something is sent where nothing is.
func (f *runFlags) needsPost() error {
	for _, c := range []struct {
		name, value, standard, needs string
		there                        bool
	}{
		{"mail-from", f.MailFrom, "", "--mail-to", len(f.MailTo) > 0},
		{"mail-on", f.MailOn, post.DefaultFilter, "--mail-to", len(f.MailTo) > 0},
		{"smtp-url", f.SMTPURL, "", "--mail-to", len(f.MailTo) > 0},
		{"smtp-password-file", f.SMTPPasswordFile, "", "--smtp-url", f.SMTPURL != ""},
		{"webhook-on", f.WebhookOn, post.DefaultFilter, "--webhook", f.Webhook != ""},
		{"webhook-secret-file", f.WebhookSecretFile, "", "--webhook", f.Webhook != ""},
		{"post-pause", f.PostPause, "5m..1h", "--mail-to or --webhook", len(f.MailTo) > 0 || f.Webhook != ""},
		{"keep-stderr", f.KeepStderr, "0", "--mail-to or --webhook", len(f.MailTo) > 0 || f.Webhook != ""},
		{"post-timeout", f.PostTimeout, "5s", "--mail-to or --webhook", len(f.MailTo) > 0 || f.Webhook != ""},
	} {
		if c.value != "" && c.value != c.standard && !c.there {
			return flagError(c.name, c.value, fmt.Errorf("nobody is told that way; give %s too, or leave it out", c.needs))
		}
	}
	return nil
}

func (in Input) mail(run *Run, f *runFlags, of post.From, token string) (err error) {
	if len(f.MailTo) == 0 {
		return nil
	}
	m := &post.Mail{Of: of, Token: token}
	for _, word := range f.MailTo {
		address, err := post.ParseAddress(word)
		if err != nil {
			return flagError("mail-to", word, err)
		}
		m.To = append(m.To, address)
	}
	from := f.MailFrom
	if from == "" {
		from = ownName() + "@" + post.Domain(of.Host)
	}
	if m.Sender, err = post.ParseAddress(from); err != nil {
		return flagError("mail-from", from, err)
	}
	if run.Posts.MailOn, err = filter("mail-on", f.MailOn, post.DefaultFilter); err != nil {
		return err
	}
	if f.SMTPURL == "" {
		by, err := post.FindSendmail(os.Getenv("PATH"))
		if err != nil {
			return &Error{Msg: "--mail-to: " + err.Error(), Hint: "install a sendmail(8), or give --smtp-url", flag: "mail-to"}
		}
		m.Carrier, run.Posts.Mail, run.Hooks.Errands = by, m, true
		return nil
	}
	return in.server(run, f, m)
}

// server sets the mail server that takes the mails.
func (in Input) server(run *Run, f *runFlags, m *post.Mail) error {
	server, err := post.ParseServer(f.SMTPURL)
	if err != nil {
		// The value is not said: somebody may have written a password into it.
		return &Error{Msg: "--smtp-url: " + err.Error(), flag: "smtp-url"}
	}
	if server.Password, err = in.secret(run, smtpPasswordEnv, "smtp-password-file", f.SMTPPasswordFile); err != nil {
		return err
	}
	switch {
	case server.User != "" && server.Password == "":
		return &Error{Msg: "--smtp-url: no password for " + server.User, Hint: "give --smtp-password-file, or set " + smtpPasswordEnv, flag: "smtp-url"}
	case server.User == "" && f.SMTPPasswordFile != "":
		return flagError("smtp-password-file", f.SMTPPasswordFile, errors.New("nobody to log in; name the user, as in smtp://USER@HOST:587"))
	}
	server.Hello = m.Of.Host
	m.Carrier, run.Posts.Mail = &server, m
	return nil
}

// ownName is as whom we run.
func ownName() string {
	if user, err := identity.Lookup(strconv.Itoa(os.Geteuid())); err == nil && user.Name != "" {
		return user.Name
	}
	return "relance"
}

func (in Input) webhook(run *Run, f *runFlags, of post.From, token string) (err error) {
	if f.Webhook == "" {
		return nil
	}
	hook := &post.Webhook{Of: of, Token: token, Agent: in.Version}
	if hook.URL, err = post.ParseURL(f.Webhook); err != nil {
		// Nor this one.
		return &Error{Msg: "--webhook: " + err.Error(), flag: "webhook"}
	}
	if run.Posts.WebhookOn, err = filter("webhook-on", f.WebhookOn, post.DefaultFilter); err != nil {
		return err
	}
	if hook.Secret, err = in.secret(run, webhookSecretEnv, "webhook-secret-file", f.WebhookSecretFile); err != nil {
		return err
	}
	run.Posts.Webhook = hook
	return nil
}

// filter reads the words of a flag, or those that are standard.
func filter(flag, words, standard string) (report.Filter, error) {
	filter, err := report.ParseFilter(cmp.Or(words, standard))
	if err != nil {
		return filter, flagError(flag, words, err)
	}
	return filter, nil
}

// pace sets how often, and how long the end waits.
func (p *Posts) pace(f *runFlags) (err error) {
	if f.PostPause != "" {
		if p.Pace.Least, p.Pace.Most, err = parseBackoff(f.PostPause); err != nil {
			return flagError("post-pause", f.PostPause, err)
		}
		p.Pace.Gather, p.Pace.Calm = min(postGather, p.Pace.Least), max(postCalm, p.Pace.Most)
	}
	if f.PostTimeout != "" {
		if p.Timeout, err = limits.ParseDuration(f.PostTimeout); err != nil {
			return flagError("post-timeout", f.PostTimeout, err)
		}
	}
	return nil
}

// keepStderr sets how many lines of stderr go into a message. It comes after what says how
// many generations may live at once.
func (run *Run) keepStderr(f *runFlags) error {
	if f.KeepStderr == "" || f.KeepStderr == "0" {
		return nil
	}
	n, err := parseCount(f.KeepStderr, maxKept)
	if err != nil {
		return flagError("keep-stderr", f.KeepStderr, err)
	}
	run.Posts.Kept = post.NewTails(run.Berths(), int(n))
	return nil
}

// maxKept bounds the lines that are kept.
const maxKept = 1000

// Unkept is the error for a stderr of which nothing can be kept; err says why.
func (run *Run) Unkept(err error) error {
	return flagError("keep-stderr", strconv.Itoa(run.Posts.Kept.Lines()), err)
}

// secret is what the file has, else the environment; empty: neither. The command gets
// neither of them.
func (in Input) secret(run *Run, variable, flag, path string) (string, error) {
	value, where := "", variable
	env := run.Settings.Env[:0:0]
	for _, entry := range run.Settings.Env {
		if v, is := strings.CutPrefix(entry, variable+"="); is {
			value = v
		} else {
			env = append(env, entry)
		}
	}
	if len(env) < len(run.Settings.Env) {
		run.Settings.Env, run.Posts.Secrets = env, append(run.Posts.Secrets, variable)
	}
	if path != "" {
		text, err := readSecret(path)
		if err != nil {
			return "", flagError(flag, path, err)
		}
		value, where = strings.TrimRight(text, "\r\n"), "--"+flag+" "+path
		if value == "" {
			return "", flagError(flag, path, errors.New("nothing in it; write the secret there, on one line"))
		}
	}
	if len(value) > maxSecret || strings.ContainsAny(value, "\r\n\x00") {
		return "", &Error{Msg: fmt.Sprintf("%s: a secret is one line of %d bytes at most", where, maxSecret)}
	}
	return value, nil
}

func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err.(*os.PathError).Err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+3))
	if err != nil {
		return "", err.(*os.PathError).Err
	}
	return string(text), nil
}
