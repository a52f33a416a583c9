package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"relance/internal/vm/wire"
)

const cgroupRoot = "/sys/fs/cgroup"

// mountKernel mounts what the kernel tells of itself and its devices.
func mountKernel() error {
	for _, m := range []struct{ kind, target string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"},
	} {
		if err := mount(m.kind, m.kind, m.target, ""); err != nil {
			return err
		}
	}
	return nil
}

// leaveFirstRoot puts a second mount of the initramfs over the first, as every
// initramfs does before the real root. "The rootfs (initial ramfs) cannot be
// pivot_root(2)ed", and a container runtime has to.
func leaveFirstRoot() error {
	const second = wire.Folder + "/root"
	if err := os.MkdirAll(second, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("/", second, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount / on %s: %w", second, err)
	}
	if err := os.Chdir(second); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move %s to /: %w", second, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("chroot to %s: %w", second, err)
	}
	return os.Chdir("/")
}

// mountAll leaves this mount table: the initramfs at /, proc, sysfs with
// cgroup2 in it, devtmpfs with devpts and shm in it, and empty tmpfs at /tmp
// and /run. Order matters: each line may need a folder of an earlier one.
func mountAll() error {
	if err := mountKernel(); err != nil {
		return err
	}
	for _, m := range []struct{ kind, target, options string }{
		{"devpts", "/dev/pts", "ptmxmode=0666,mode=0620,gid=5"},
		{"tmpfs", "/dev/shm", "mode=1777"},
		{"tmpfs", "/tmp", "mode=1777"},
		{"tmpfs", "/run", "mode=0755"},
		{"cgroup2", cgroupRoot, ""},
	} {
		if err := mount(m.kind, m.kind, m.target, m.options); err != nil {
			return err
		}
	}
	// The kernel makes its first root as open as /tmp.
	if err := os.Chmod("/", 0o755); err != nil {
		return err
	}
	// What udev and the shell expect of /dev and devtmpfs does not make.
	for name, to := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2",
	} {
		if err := os.Symlink(to, filepath.Join("/dev", name)); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, kind, target, options string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, target, kind, 0, options); err != nil {
		return fmt.Errorf("mount %s on %s (%s): %w", source, target, kind, err)
	}
	return nil
}

// enableControllers gives every controller the kernel has to the children of
// the root group. "The root cgroup … is exempt from" the rule that only leaves
// may hold processes (cgroup-v2.rst, no internal process constraint).
func enableControllers() error {
	text, err := os.ReadFile(cgroupRoot + "/cgroup.controllers")
	if err != nil {
		return err
	}
	var all []string
	for _, c := range strings.Fields(string(text)) {
		all = append(all, "+"+c)
	}
	file := cgroupRoot + "/cgroup.subtree_control"
	return os.WriteFile(file, []byte(strings.Join(all, " ")), 0)
}

// loopbackUp lets tests listen on 127.0.0.1 and ::1. There is no other network.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
