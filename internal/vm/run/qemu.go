package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"relance/internal/vm/wire"
)

// machine is what one run needs, on disk and in the guest.
type machine struct {
	folder string // temporary: initramfs, console, swap
	config wire.Config
	init   string // the program, on the host
	add    []pair
	backs  []back
	images []string // the file of each disk of the config
}

// prepare gathers all that the machine needs and writes its files.
func prepare(o options, folder string) (machine, error) {
	dir, err := os.Getwd()
	if err != nil {
		return machine{}, err
	}
	m := machine{folder: folder}
	if m.init, err = findInit(o.init); err != nil {
		return m, err
	}
	m.add = whatToAdd(o, dir)
	args, backs := redirect(o.command[1:], dir)
	m.backs = backs
	for _, p := range o.back {
		m.backs = append(m.backs, back{guest: p.guest, host: p.host, asked: true})
	}
	m.config = wire.Config{
		Args: append([]string{guestBinary(o.command[0])}, args...),
		Env:  guestEnv(o, os.Environ()),
		Dir:  guestDir(dir),
		PID1: o.pid1,
	}
	for _, b := range m.backs {
		m.config.Back = append(m.config.Back, b.guest)
	}
	for _, name := range wire.Modules {
		m.config.Modules = append(m.config.Modules, modulePath(name))
	}
	if err := m.disks(o); err != nil {
		return m, err
	}
	f, err := os.Create(m.initramfs())
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, pack(f, o, m)
}

func (m *machine) initramfs() string { return filepath.Join(m.folder, "initramfs") }
func (m *machine) console() string   { return filepath.Join(m.folder, "console") }

// disks names the disks: that with systemd if it is asked for, the empty one of
// the cache at /data unless the user has another for that place, the user's, and
// swap.
func (m *machine) disks(o options) error {
	disks := o.disks
	taken := false
	for _, d := range disks {
		taken = taken || d.guest == "/data"
	}
	if !taken {
		disks = append([]pair{{filepath.Join(o.cache, "data.ext4"), "/data"}}, disks...)
	}
	if o.systemd {
		// First: the others are mounted below it.
		disks = append([]pair{{filepath.Join(o.cache, wire.SystemImage), wire.RootMount}}, disks...)
	}
	if o.swap > 0 {
		name := filepath.Join(m.folder, "swap")
		if err := swapImage(name, o.swap); err != nil {
			return err
		}
		disks = append(disks, pair{name, wire.SwapMount})
	}
	for i, d := range disks {
		image, err := filepath.Abs(d.host)
		if err != nil {
			return err
		}
		if _, err := os.Stat(image); err != nil {
			return fmt.Errorf("attach disk: %w", err)
		}
		m.images = append(m.images, image)
		m.config.Disks = append(m.config.Disks, wire.Disk{Serial: "disk" + strconv.Itoa(i), Mount: d.guest})
	}
	return nil
}

// qemuArgs returns the command line of QEMU. Descriptors 3 and 4 are its ends
// of the result port and of the port of PID 1.
func qemuArgs(o options, m machine) []string {
	args := []string{
		"-machine", "q35,accel=" + o.accel, "-cpu", "max",
		"-m", strconv.FormatInt(o.memory>>20, 10), "-smp", strconv.Itoa(o.cpus),
		"-kernel", filepath.Join(o.cache, "vmlinuz"), "-initrd", m.initramfs(),
		// panic=-1 reboots at once, -no-reboot turns that into an exit: a
		// machine that dies ends the run. An oops is as final as a panic.
		"-append", strings.TrimSpace("console=ttyS0 quiet psi=1 panic=-1 oops=panic " + o.boot), "-no-reboot",
		"-display", "none", "-vga", "none", "-nic", "none", "-monitor", "none", "-parallel", "none",
		"-serial", "file:" + m.console(),
		"-chardev", "socket,id=result,fd=3", "-chardev", "socket,id=pid1,fd=4",
		// Without ioeventfd a write to a port is with us before the guest goes on,
		// so what PID 1 wrote before the status is not lost with the machine.
		"-device", "virtio-serial-pci,ioeventfd=off",
		"-device", "virtserialport,nr=1,chardev=result,name=result",
		"-device", "virtserialport,nr=2,chardev=pid1,name=pid1",
	}
	for i, image := range m.images {
		id := "d" + strconv.Itoa(i)
		// A comma ends an option of QEMU and two stand for one.
		image = strings.ReplaceAll(image, ",", ",,")
		args = append(args,
			"-drive", "if=none,format=raw,cache=unsafe,snapshot=on,id="+id+",file="+image,
			"-device", "virtio-blk-pci,drive="+id+",serial="+m.config.Disks[i].Serial)
	}
	return args
}

// port makes a connected pair: our end, and the one that QEMU inherits.
func port(name string) (net.Conn, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make %s port: %w", name, err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name)
	defer ours.Close() // FileConn has a copy
	conn, err := net.FileConn(ours)
	return conn, theirs, err
}

// qemu returns the command that runs the machine until ctx is done. It must be
// started from a thread that lives as long as we do: the kernel sends the
// parent-death signal when the thread that forked ends.
func qemu(ctx context.Context, o options, m machine, ports ...*os.File) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, qemuArgs(o, m)...)
	cmd.ExtraFiles = ports
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// A Ctrl-C is for us; QEMU would take it for an order to power off.
		Setpgid: true,
	}
	return cmd
}
