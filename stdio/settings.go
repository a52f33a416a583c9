package stdio

import "time"

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

// JSON reports whether frames are read as JSON-RPC.
func (m Mode) JSON() bool { return m == JSONRPC || m == ContentLength }

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

// SquidError is the answer to a lost request of Squid, behind its channel
// (helper protocol of Squid, result BH).
const SquidError = `BH message="helper restarted"`

// Settings is what the other side and the command speak.
type Settings struct {
	Mode Mode
	// Delimiter ends a line, of Lines and Squid; there it is in no number, nor in
	// SquidError or before it.
	Delimiter byte
	OnLost    OnLost
	// LostReply is the answer to a lost request of Lines, which does not have the
	// delimiter in it. It is needed there unless OnLost is Exit: nobody else knows what
	// an answer looks like that is none.
	LostReply string
	// Init has the initialize of JSON-RPC remembered and said again to each new
	// generation, which the other side does not see; lines have none.
	Init bool
	// MaxMessage is how long a line or the content of a message may be, in bytes;
	// zero: 1 MiB for lines, 64 MiB for JSON-RPC.
	MaxMessage int
	// Patience is how long requests wait behind a generation that has got all that Limit
	// lets it have and gives no further answer, until that is told (requests.Stuck); zero:
	// for ever.
	Patience time.Duration
	// QueueMax is how many bytes may wait while no generation takes them; zero:
	// 1 MiB. One whole frame always may.
	QueueMax int
}

const mebi = 1 << 20

// complete fills in what was left open.
func (s *Settings) complete() {
	if s.MaxMessage == 0 {
		s.MaxMessage = mebi
		if s.Mode.JSON() {
			s.MaxMessage = 64 * mebi
		}
	}
	if s.QueueMax == 0 {
		s.QueueMax = mebi
	}
}
