package stdio

import (
	"bytes"
	"fmt"
)

// Mode is how requests and answers are told from each other.
type Mode uint8

const (
	// Lines: a line is a request, the next line of the command its answer, in
	// order.
	Lines Mode = iota
	// Squid: lines that begin with the number of a channel, which the answer begins
	// with too, so that answers may overtake. Lines without one are answered in
	// order.
	Squid
	// JSONRPC: JSON-RPC 2.0, one message a line, as MCP has it.
	JSONRPC
	// ContentLength: JSON-RPC 2.0 behind a header, as the Language Server Protocol
	// has it.
	ContentLength
)

// json reports whether frames are read as JSON-RPC.
func (m Mode) json() bool { return m == JSONRPC || m == ContentLength }

// OnLost is what becomes of a request that a generation has read and not answered
// when it ends.
type OnLost uint8

const (
	// Error: it is answered with the error of the protocol.
	Error OnLost = iota
	// Replay: it is asked again, once; lost a second time, it is answered with the
	// error.
	Replay
	// Exit: it is not answered, and all is to end.
	Exit
)

// Settings is what the other side and the command speak.
type Settings struct {
	Mode Mode
	// Delimiter ends a line, of Lines and Squid.
	Delimiter byte
	OnLost    OnLost
	// LostReply is the answer to a lost request of Lines, without its delimiter. It
	// is needed there unless OnLost is Exit: nobody else knows what an answer looks
	// like that is none.
	LostReply *string
	// Init has the initialize of JSON-RPC remembered and said again to each new
	// generation, which the other side does not see.
	Init bool
	// MaxMessage is how long a line or the content of a message may be, in bytes;
	// zero: 1 MiB for lines, 64 MiB for JSON-RPC.
	MaxMessage int
	// QueueMax is how many bytes may wait while no generation takes them; zero:
	// 1 MiB. One whole frame always may.
	QueueMax int
}

const mebi = 1 << 20

// complete checks the settings and fills in what was left open.
func (s *Settings) complete() error {
	if s.MaxMessage == 0 {
		s.MaxMessage = mebi
		if s.Mode.json() {
			s.MaxMessage = 64 * mebi
		}
	}
	if s.QueueMax == 0 {
		s.QueueMax = mebi
	}
	switch {
	case s.Mode == Lines && s.OnLost != Exit && s.LostReply == nil:
		return fmt.Errorf("--stdio lines needs --lost-reply TEXT, the answer to a request that was lost, or --on-lost exit")
	case s.LostReply != nil && s.Mode != Lines:
		return fmt.Errorf("--lost-reply %q: only --stdio lines has it, the others have an error of their own", *s.LostReply)
	case s.LostReply != nil && bytes.IndexByte([]byte(*s.LostReply), s.Delimiter) >= 0:
		return fmt.Errorf("--lost-reply %q: has the delimiter %q in it; leave it out, it is added", *s.LostReply, s.Delimiter)
	case s.Init && !s.Mode.json():
		return fmt.Errorf("--stdio-init auto: lines have no initialize; use it with --stdio jsonrpc or content-length")
	}
	return nil
}
