package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"relance/internal/vm/wire"
)

func loadModule(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	// EEXIST: this kernel has it built in, or another module brought it.
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && err != unix.EEXIST {
		return fmt.Errorf("load module %s: %w", file, err)
	}
	return nil
}

// attachDisks loads the modules, and mounts each disk below root or swaps on it.
func attachDisks(cfg wire.Config, root string) error {
	for _, m := range cfg.Modules {
		if err := loadModule(m); err != nil {
			return err
		}
	}
	for _, d := range cfg.Disks {
		dev, err := diskOf(d.Serial)
		if err != nil {
			return err
		}
		if d.Mount != wire.SwapMount {
			// A new image has inode tables to clear; the kernel would do it while
			// tests measure.
			if err := mount(dev, "ext4", filepath.Join(root, d.Mount), "noinit_itable"); err != nil {
				return err
			}
			continue
		}
		name, err := unix.BytePtrFromString(dev)
		if err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(unix.SYS_SWAPON, uintptr(unsafe.Pointer(name)), 0, 0); errno != 0 {
			return fmt.Errorf("swap on %s: %w", dev, errno)
		}
	}
	return nil
}

// diskOf returns the device whose virtio serial this is. Loading virtio_blk
// probes all disks before it returns, so there is nothing to wait for.
func diskOf(serial string) (string, error) {
	files, err := filepath.Glob("/sys/block/*/serial")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(string(text)) == serial {
			return "/dev/" + filepath.Base(filepath.Dir(file)), nil
		}
	}
	return "", fmt.Errorf("disk %s: none of %d disks has this serial", serial, len(files))
}

// portWait is how long a port may take to appear: the host announces ports in
// messages that are handled after virtio_console is loaded. It took a few
// milliseconds; a machine that shares its cores may need a hundred times that.
const portWait = 20 * time.Second

// openPort opens a virtio port, waiting until it is there. A port can be open
// once at a time, hence EBUSY while an earlier owner is being reaped.
func openPort(name string) (*os.File, error) {
	for end := time.Now().Add(portWait); ; time.Sleep(2 * time.Millisecond) {
		// Not os.OpenFile: it would set O_NONBLOCK, which every later holder of
		// this open file would share; to them a full queue would be an error.
		fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err == nil {
			return os.NewFile(uintptr(fd), name), nil
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("open %s for %v: %w", name, portWait, err)
		}
	}
}
