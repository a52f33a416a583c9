package systemd

import (
	"errors"
	"slices"
	"strconv"

	"github.com/godbus/dbus/v5"
)

// The names are those of org.freedesktop.systemd1(5) and the D-Bus specification.
const (
	managerName  = "org.freedesktop.systemd1"
	managerPath  = "/org/freedesktop/systemd1"
	managerIface = "org.freedesktop.systemd1.Manager"
	busName      = "org.freedesktop.DBus"
	busPath      = "/org/freedesktop/DBus"
)

// manager is a manager at the other end of a connection.
type manager struct {
	conn *conn
	// sender is who answered: on a bus, anybody may send us a signal.
	sender any
	// removed are jobs that ended before we knew which is ours.
	removed map[dbus.ObjectPath]result
}

// result is how a job ended, and who says so.
type result struct {
	word   string
	sender any
}

// mostRemoved bounds what is remembered: a busy manager ends some jobs while it
// answers, not thousands.
const mostRemoved = 1000

// property is a(sv) of StartTransientUnit, auxiliary its a(sa(sv)).
type property struct {
	Name  string
	Value dbus.Variant
}

type auxiliary struct {
	Unit       string
	Properties []property
}

// greet says hello to a bus and asks it for the manager's signals, before the job
// can end.
func (m *manager) greet() error {
	if _, err := m.call(busName, busPath, busName, "Hello"); err != nil {
		return err
	}
	_, err := m.call(busName, busPath, busName, "AddMatch",
		"type='signal',sender='"+managerName+"',path='"+managerPath+"',interface='"+managerIface+"',member='JobRemoved'")
	return err
}

// start asks for the scope and returns the job that makes it.
func (m *manager) start(unit string, r Request) (dbus.ObjectPath, error) {
	reply, err := m.call(managerName, managerPath, managerIface, "StartTransientUnit",
		unit, "fail", properties(r), []auxiliary{})
	if err != nil {
		return "", err
	}
	if job, ok := first(reply).(dbus.ObjectPath); ok {
		m.sender = header(reply, dbus.FieldSender)
		return job, nil
	}
	return "", errors.New("the answer names no job")
}

// wait waits until the job has ended and returns how.
func (m *manager) wait(job dbus.ObjectPath) (string, error) {
	for {
		if r, ok := m.removed[job]; ok && r.sender == m.sender {
			return r.word, nil
		}
		// It may have been a liar's word.
		delete(m.removed, job)
		msg, err := m.conn.receive()
		if err != nil {
			return "", err
		}
		m.note(msg)
	}
}

// call sends a call and waits for its reply. What else comes is looked at.
func (m *manager) call(to, path, iface, method string, args ...any) (*dbus.Message, error) {
	serial, err := m.conn.send(&dbus.Message{
		Type: dbus.TypeMethodCall,
		// A manager that does not run is not to be started for us.
		Flags: dbus.FlagNoAutoStart,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(to),
			dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath(path)),
			dbus.FieldInterface:   dbus.MakeVariant(iface),
			dbus.FieldMember:      dbus.MakeVariant(method),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(args...)),
		},
		Body: args,
	})
	if err != nil {
		return nil, err
	}
	for {
		msg, err := m.conn.receive()
		if err != nil {
			return nil, err
		}
		m.note(msg)
		if header(msg, dbus.FieldReplySerial) != serial {
			continue
		}
		switch msg.Type {
		case dbus.TypeMethodReply:
			return msg, nil
		case dbus.TypeError:
			return nil, refusalOf(msg)
		}
	}
}

// note remembers the end of a job. JobRemoved is uoss: a number, the job, the
// unit, how it ended.
func (m *manager) note(msg *dbus.Message) {
	if msg.Type != dbus.TypeSignal || len(msg.Body) < 4 || len(m.removed) >= mostRemoved ||
		header(msg, dbus.FieldInterface) != managerIface || header(msg, dbus.FieldMember) != "JobRemoved" {
		return
	}
	job, ok := msg.Body[1].(dbus.ObjectPath)
	word, ok2 := msg.Body[3].(string)
	if ok && ok2 {
		m.removed[job] = result{word, header(msg, dbus.FieldSender)}
	}
}

// header returns a field of the header, nil where it is missing.
func header(msg *dbus.Message, field dbus.HeaderField) any { return msg.Headers[field].Value() }

// refusal is an error reply.
type refusal struct{ name, text string }

func refusalOf(msg *dbus.Message) *refusal {
	var r refusal
	r.name, _ = header(msg, dbus.FieldErrorName).(string)
	r.text, _ = first(msg).(string)
	return &r
}

func (r *refusal) Error() string {
	if r.text == "" {
		return printable(r.name)
	}
	return printable(r.text)
}

// Is sorts the names of errors that a caller tells apart.
func (r *refusal) Is(target error) bool {
	switch target {
	case ErrDenied:
		return slices.Contains([]string{
			"org.freedesktop.DBus.Error.AccessDenied",
			"org.freedesktop.DBus.Error.AuthFailed",
			"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
			"System.Error.EACCES",
			"System.Error.EPERM",
		}, r.name)
	case ErrNoManager:
		return r.absent()
	case ErrTimeout:
		return slices.Contains([]string{
			"org.freedesktop.DBus.Error.NoReply",
			"org.freedesktop.DBus.Error.Timeout",
			"org.freedesktop.DBus.Error.TimedOut",
		}, r.name)
	}
	return false
}

// absent reports whether there is a bus, but no manager on it.
func (r *refusal) absent() bool {
	return slices.Contains([]string{
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.UnknownObject",
		"org.freedesktop.DBus.Error.UnknownInterface",
		"org.freedesktop.DBus.Error.UnknownMethod",
	}, r.name)
}

// mostText is how much is shown of a text that came from outside.
const mostText = 200

// printable is s for messages: short, and quoted if it has bytes that would change
// a terminal or a log.
func printable(s string) string {
	if len(s) > mostText {
		s = s[:mostText] + "..."
	}
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}
