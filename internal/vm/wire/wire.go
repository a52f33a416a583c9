// Package wire is what the runner on the host and the init in the guest say to
// each other. It decides nothing and touches no machine.
//
// Two things travel. The [Config] goes in as a file of the initramfs, because a
// kernel command line is short and cannot hold every byte. The answer comes
// back through one virtio port as frames: one ordered stream, so that when the
// status has been read, all output before it has been read too. The kernel's
// console is another device, and its messages never mix with the answer.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Places in the guest that both sides must know. They lie outside /tmp and
// /run, over which the guest mounts empty file systems.
const (
	// Folder holds everything of ours in the guest.
	Folder = "/vm"
	// ConfigFile holds the Config as JSON.
	ConfigFile = Folder + "/config.json"
	// ResultPort carries the frames to the host.
	ResultPort = "/dev/vport0p1"
	// SystemFolder holds what goes into the system of a Disk at [RootMount], each
	// file at its place below.
	SystemFolder = Folder + "/system"
	// PID1Port carries, unframed, what a PID 1 of the user's choice writes.
	PID1Port = "/dev/vport0p2"
)

// Modules are what Debian's cloud kernel does not have built in, each after
// those it needs: disks, and the ports that carry the answer. They are fetched,
// packed and loaded under these names.
var Modules = []string{
	"virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci",
	"virtio_blk", "virtio_console",
}

// ReportWord, as first argument, makes init run the test binary and report,
// in place of setting the machine up.
const ReportWord = "report"

// AgentWord, as first argument, makes init do as with ReportWord, but with the
// environment and the folder of the Config: a service manager has its own.
const AgentWord = "agent"

// SystemImage is the disk with systemd, a file of the folder that is fetched.
const SystemImage = "systemd.ext4"

// RootMount, as the mount of a Disk, means: it holds a system, whose own init
// becomes PID 1 and has a service made that runs the test.
const RootMount = "/"

// SwapMount, as the mount of a Disk, means: swap on it.
const SwapMount = "swap"

// Config tells the guest what to do. Paths are guest paths.
type Config struct {
	Args    []string // the test binary and its arguments
	Env     []string // the whole environment of the test binary
	Dir     string   // its working directory
	PID1    []string // a program to become PID 1, and its first words; empty: init stays
	Modules []string // kernel modules, in the order they must be loaded
	Disks   []Disk
	Back    []string // files and folders to bring back, named in the tar stream by index
}

// Disk is one virtio disk, found by its serial: names such as vda depend on
// the order of probing.
type Disk struct {
	Serial string
	Mount  string // an ext4 mount point, RootMount or SwapMount
}

// ReadConfig decodes a Config. An unknown field is an error: it means that
// init and the runner were built from different sources.
func ReadConfig(r io.Reader) (Config, error) {
	var c Config
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("decode the guest's configuration: %w", err)
	}
	return c, nil
}

// Status is how the test binary ended. It is the last frame: the guest then waits
// for the host to pull the plug. Powering off by itself it could lose frames that
// are still queued, and would be slower.
type Status struct {
	Exit    int    // exit code, when Signal is 0 and Problem empty
	Signal  int    // the signal that killed it
	Problem string // why it could not be run or reported at all
}

// Kind says what a frame carries.
type Kind byte

// The closed set of kinds.
const (
	Stdout Kind = 'o'
	Stderr Kind = 'e'
	Files  Kind = 't' // a piece of a tar stream
	Ended  Kind = 's' // a Status as JSON
)

// maxFrame bounds what ReadFrame allocates: a length above it can only be a
// damaged stream.
const maxFrame = 1 << 20

// WriteFrame writes one frame with a single Write, so that the caller needs
// only one lock around it to keep frames whole.
func WriteFrame(w io.Writer, kind Kind, payload []byte) error {
	buf := make([]byte, 5, 5+len(payload))
	buf[0] = byte(kind)
	binary.BigEndian.PutUint32(buf[1:], uint32(len(payload)))
	_, err := w.Write(append(buf, payload...))
	return err
}

// ReadFrame reads one frame. At the end of the stream between two frames the
// error is io.EOF; inside one it is io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader) (Kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("read frame: %d bytes, above %d", n, maxFrame)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	return Kind(head[0]), payload, nil
}
