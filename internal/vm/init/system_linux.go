package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"relance/internal/vm/wire"
)

// systemRoot is where the disk with a system is mounted until it is the root.
const systemRoot = "/system"

// agent is this program in the system.
const agent = wire.Folder + "/agent"

// unit runs the agent when the system is up, in a service as others are. Not a
// oneshot: its start would last as long as the test, and the system would be
// "starting" all the while. An OOM kill is what tests are about; it must not
// end the service.
const unit = `[Unit]
Description=relance test
After=multi-user.target
[Service]
ExecStart=` + agent + " " + wire.AgentWord + `
StandardError=journal+console
OOMPolicy=continue
TasksMax=infinity
`

const unitFile = "/etc/systemd/system/relance-test.service"

func isSystem(d wire.Disk) bool { return d.Mount == wire.RootMount }

// hasSystem reports whether the machine has a disk with a system.
func hasSystem(cfg wire.Config) bool { return slices.ContainsFunc(cfg.Disks, isSystem) }

// becomeSystem makes the disk with the system the root, puts into it what the
// runner sent, and becomes its init. It returns only when that went wrong.
func becomeSystem(cfg wire.Config) error {
	if err := mountKernel(); err != nil {
		return err
	}
	if err := attachDisks(cfg, systemRoot); err != nil {
		return err
	}
	// As without a system: tests write there, and it should cost no disk.
	if err := mount("tmpfs", "tmpfs", systemRoot+"/tmp", "mode=1777"); err != nil {
		return err
	}
	// First what makes our folder there.
	for _, c := range []struct{ from, to string }{
		{wire.SystemFolder, "/"}, {"/init", agent}, {wire.ConfigFile, wire.ConfigFile},
	} {
		if err := copyTree(c.from, filepath.Join(systemRoot, c.to)); err != nil {
			return err
		}
	}
	if err := enable(); err != nil {
		return err
	}
	// The initramfs is memory; what is left of it is small.
	if err := os.RemoveAll(wire.Folder); err != nil {
		return err
	}
	if err := enterRoot(); err != nil {
		return err
	}
	// The folder of the running init: systemd has it there, as every Debian.
	argv := []string{"/sbin/init"}
	return fmt.Errorf("exec %s: %w", argv[0], unix.Exec(argv[0], argv, []string{"TERM=dumb"}))
}

// enable writes the unit and makes the boot want it.
func enable() error {
	file := filepath.Join(systemRoot, unitFile)
	if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
		return err
	}
	wants := filepath.Join(filepath.Dir(file), "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	return os.Symlink(unitFile, filepath.Join(wants, filepath.Base(unitFile)))
}

// enterRoot does what switch_root(8) does.
func enterRoot() error {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if err := unix.Mount(dir, systemRoot+dir, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s: %w", dir, err)
		}
	}
	if err := os.Chdir(systemRoot); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move %s to /: %w", systemRoot, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	return os.Chdir("/")
}

// copyTree copies a file, or all that is in a folder. Folders that are there
// already keep what is in them, and links to folders are followed: /bin is one.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return replace(target, func() error { return os.Symlink(link, target) })
		}
		return replace(target, func() error { return copyFile(name, target) })
	})
}

// replace makes a file where another may be: -add can replace any.
func replace(target string, with func() error) error {
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return with()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
