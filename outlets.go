package main

import (
	"os"
	"strings"
	"time"

	"relance/cli"
	"relance/entry"
	"relance/hooks"
	"relance/post"
	"relance/report"
	"relance/requests"
	"relance/restart"
)

// What happens goes into one stream of events, and each outlet of it is added here.

// teller turns what the loop and the sources say into events.
type teller struct {
	report.Stream
	log   lines
	posts posts
	// crew runs hooks, nil: nobody wants any.
	crew  *hooks.Crew
	todo  *cli.Run
	above *requests.Upward
	// asked is when somebody asked for the end for the first time; zero: nobody has.
	asked time.Time
}

// say tells of what is about no generation.
func (t *teller) say(msg string) { t.Tell(report.Note(msg, "info", t.todo.Name, time.Now())) }

// report tells of what the core says.
func (t *teller) report(r restart.Report) {
	if !r.Planned.IsZero() {
		r.Planned = r.Planned.In(t.todo.Zone)
	}
	if !r.Expected.IsZero() {
		r.Expected = r.Expected.In(t.todo.Zone)
	}
	e := report.EventOf(r, t.todo.Name, time.Now())
	if !e.Silent() {
		t.above.Status(e.Msg)
	}
	t.Tell(e)
}

// hurry is told when somebody asks for the end.
func (t *teller) hurry(now time.Time) {
	if t.asked.IsZero() {
		t.asked = now
	}
}

// hook lets commands be run for events, and for what else they are wanted for.
func (t *teller) hook() (err error) {
	if t.crew, err = hooks.New(t.todo.Hooks, t.say); t.crew != nil {
		t.Add(t.crew)
	}
	return err
}

// lines is the outlet to the log.
type lines struct {
	*report.Writer
	// stderr is where the log goes, or what of it cannot go elsewhere.
	stderr *report.Descriptor
	// bare says that nothing is supervised: what a bare command would not say at its end
	// is left out.
	bare bool
}

// openOutlets returns a teller that tells all who are to be told.
func openOutlets(todo *cli.Run) (*teller, error) {
	t, err := openLog(todo)
	if err == nil {
		err = t.hook()
	}
	if err == nil {
		t.post()
	}
	return t, err
}

// Close waits for a bounded time for what is still to be told.
func (t *teller) Close() {
	t.crew.Close()
	t.posts.Close(t.crew) // which says what it drops
	t.log.Close(time.Second)
}

// openLog returns a teller that writes the log: to its file, to the journal where our stderr leads
// there, else to stderr.
func openLog(todo *cli.Run) (*teller, error) {
	stderr := report.NewDescriptor(2, todo.JSON)
	var log report.Log = stderr
	if todo.LogFile != "" {
		file, err := report.OpenFile(todo.LogFile, todo.JSON, todo.Zone, stderr)
		if err != nil {
			return nil, todo.Unlogged(err)
		}
		log = file
	} else if !todo.JSON && report.IsJournal(os.Getenv("JOURNAL_STREAM"), 2) {
		// Where that cannot be, stderr leads there too.
		if journal, err := report.OpenJournal(report.JournalSocket, stderr); err == nil {
			log = journal
		}
	}
	lost := func(n int64, why error) report.Event {
		return report.Note(report.Lost(n, why), "warn", todo.Name, time.Now())
	}
	t := &teller{todo: todo, log: lines{Writer: report.NewWriter(log, lost), stderr: stderr, bare: !todo.Supervising}}
	t.Add(t.log)
	return t, nil
}

// Tell logs e, but where somebody who woke up for it would have nothing to do.
func (l lines) Tell(e report.Event) {
	asked := e.Kind == string(restart.Stopping) && e.Reason == string(restart.Asked)
	if e.Silent() || asked && l.bare {
		return
	}
	l.Writer.Tell(e)
}

// posts are the outlets to people who are not looking.
type posts struct {
	all     []*post.Post
	timeout time.Duration
	// children tells at the end that one of ours may have ended; nil: there are no posts.
	children chan struct{}
}

// post begins to gather for those who are to be told. What cannot be delivered is told as
// all else.
func (t *teller) post() {
	todo := t.todo
	t.posts.timeout = todo.Posts.Timeout
	if secrets := todo.Posts.Secrets; len(secrets) > 0 {
		if err := entry.Forget(secrets...); err != nil {
			t.say(err.Error() + "; " + strings.Join(secrets, ", ") + " can be read by who runs as our user")
		}
	}
	say := func(msg, level string) { t.Tell(report.Note(msg, level, todo.Name, time.Now())) }
	add := func(to post.Sender, on report.Filter) {
		outlet := post.New(post.NewOutbox(on, todo.Posts.Pace, todo.Policy.Seed), to, todo.Posts.Kept, say)
		t.Add(outlet)
		t.posts.all = append(t.posts.all, outlet)
	}
	if mail := todo.Posts.Mail; mail != nil {
		if by, is := mail.Carrier.(*post.Sendmail); is {
			by.Run = t.crew.Run
		}
		add(mail, todo.Posts.MailOn)
	}
	if hook := todo.Posts.Webhook; hook != nil {
		hook.Open()
		add(hook, todo.Posts.WebhookOn)
	}
	if t.posts.all != nil {
		t.posts.children = make(chan struct{}, 1)
	}
	for _, outlet := range t.posts.all {
		go outlet.Run()
		go outlet.Deliver()
	}
}

// Close waits for what is on its way, for a bounded time; crew runs what that takes, since
// the loop is over.
func (p *posts) Close(crew *hooks.Crew) {
	for _, outlet := range p.all {
		outlet.Close(p.timeout)
	}
	done := make(chan struct{})
	go func() {
		for _, outlet := range p.all {
			outlet.Wait()
		}
		close(done)
	}()
	crew.Serve(p.children, done)
}
