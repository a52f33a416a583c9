package signals

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Source reads signals from a signalfd(2). The signals must have been blocked in
// every thread since before the first was started (package entry sees to that):
// then none is lost, from the first instruction of the program on, and each
// comes with its sender.
type Source struct {
	file *os.File
}

// infoSize is the size of struct signalfd_siginfo.
const infoSize = 128

// Open starts to receive the signals of set (bit n-1 for signal n).
func Open(set uint64) (*Source, error) {
	mask := unix.Sigset_t{}
	mask.Val[0] = set
	fd, err := unix.Signalfd(-1, &mask, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("signalfd: %w", err)
	}
	return &Source{file: os.NewFile(uintptr(fd), "signalfd")}, nil
}

// Run sends every signal to out until done is closed or the source is. It blocks
// in one read.
func (s *Source) Run(out chan<- Signal, done <-chan struct{}) error {
	var buf [16 * infoSize]byte
	for {
		n, err := s.file.Read(buf[:])
		if err != nil {
			return fmt.Errorf("read signalfd: %w", err)
		}
		for info := buf[:n]; len(info) >= infoSize; info = info[infoSize:] {
			select {
			case out <- decode(info):
			case <-done:
				return nil
			}
		}
	}
}

// Close ends Run.
func (s *Source) Close() error { return s.file.Close() }

// decode reads the fields of struct signalfd_siginfo that we use: ssi_signo,
// ssi_code, ssi_pid and ssi_uid (signalfd(2)).
func decode(info []byte) Signal {
	word := func(at int) uint32 { return binary.NativeEndian.Uint32(info[at:]) }
	return Signal{
		Number: unix.Signal(word(0)),
		// "SI_USER, SI_QUEUE, SI_TKILL": values <= 0 are from user space, all
		// others from the kernel (sigaction(2)).
		FromKernel: int32(word(8)) > 0,
		Sender:     int(word(12)),
		UID:        int(word(16)),
	}
}
