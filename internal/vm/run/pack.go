package main

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"relance/internal/vm/wire"
)

// files every program may look for. Without hosts, localhost has no address;
// without passwd and group, os/user knows nobody.
var files = map[string]string{
	"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
	"/etc/group":  "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
	"/etc/hosts":  "127.0.0.1 localhost\n::1 localhost\n",
}

// pack writes the initramfs. When the disk with systemd is the machine's root,
// what belongs into the root waits in a folder, and what only makes a bare
// kernel look like a machine is left out.
func pack(out *os.File, o options, m machine) error {
	a := newArchive(out)
	root := "/"
	if o.systemd {
		root = wire.SystemFolder
	}
	dirs := []string{resultFolder, m.config.Dir}
	for _, b := range m.backs {
		if b.folder {
			dirs = append(dirs, b.guest)
		}
	}
	for _, dir := range dirs {
		if err := a.dir(path.Join(root, dir)); err != nil {
			return err
		}
	}
	config, err := json.Marshal(m.config)
	if err != nil {
		return err
	}
	if err := a.bytes(wire.ConfigFile, 0o644, config); err != nil {
		return err
	}
	for _, name := range wire.Modules {
		if err := a.file(filepath.Join(o.cache, name+".ko"), modulePath(name)); err != nil {
			return err
		}
	}
	if !o.systemd {
		if err := a.bareRoot(o); err != nil {
			return err
		}
	}
	if err := a.tree(m.init, "/init"); err != nil {
		return err
	}
	// Last, so that -add can replace any of the above: the kernel unpacks in
	// order and a later file of the same name wins.
	for _, p := range m.add {
		if err := a.tree(p.host, path.Join(root, p.guest)); err != nil {
			return err
		}
	}
	return a.close()
}

// bareRoot adds what a root of our own needs beside init: folders to mount on,
// files and a shell.
func (a *archive) bareRoot(o options) error {
	for _, dir := range []string{"/proc", "/sys", "/dev", "/tmp", "/run", "/root", "/var/tmp", "/data"} {
		if err := a.dir(dir); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := a.bytes(name, 0o644, []byte(content)); err != nil {
			return err
		}
	}
	return a.busybox(filepath.Join(o.cache, "busybox"))
}

func modulePath(name string) string { return wire.Folder + "/modules/" + name + ".ko" }

// busybox adds the shell and the small tools that tests call by name.
func (a *archive) busybox(host string) error {
	list, err := exec.Command(host, "--list").Output()
	if err != nil {
		return fmt.Errorf("list what %s can do: %w", host, err)
	}
	if err := a.file(host, "/bin/busybox"); err != nil {
		return err
	}
	for _, name := range strings.Fields(string(list)) {
		if name == "busybox" {
			continue
		}
		if err := a.link(path.Join("/bin", name), "busybox"); err != nil {
			return err
		}
	}
	return nil
}

// guestDir returns the working directory in the guest for one of the host:
// go test runs a test in its package's folder, and a test may reach for its
// neighbours by relative path, so the place in the module is kept. It is below
// /src, not where it is on the host, which may be below /tmp.
func guestDir(host string) string {
	root := moduleRoot(host)
	rel, err := filepath.Rel(root, host)
	if root == "" || err != nil {
		return "/src"
	}
	return path.Join("/src", filepath.ToSlash(rel))
}

// whatToAdd returns the files of the host that go into the machine beside init:
// the binary, the package's testdata when there is one, then what -add names.
func whatToAdd(o options, dir string) []pair {
	add := []pair{{o.command[0], guestBinary(o.command[0])}}
	testdata := filepath.Join(dir, "testdata")
	if info, err := os.Stat(testdata); err == nil && info.IsDir() {
		add = append(add, pair{testdata, path.Join(guestDir(dir), "testdata")})
	}
	return append(add, o.add...)
}

func guestBinary(host string) string {
	return wire.Folder + "/bin/" + filepath.Base(host)
}

// findInit returns the guest's init: it is built into the same folder as the
// runner, by the same command, so that the two always fit.
func findInit(asked string) (string, error) {
	if asked == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		asked = filepath.Join(filepath.Dir(self), "init")
	}
	if _, err := os.Stat(asked); err != nil {
		return "", hinted(fmt.Errorf("find the guest's init: %w", err),
			"build both into one folder: CGO_ENABLED=0 go build -o bin/vm/ ./internal/vm/...")
	}
	if err := executable(asked, nil); err != nil {
		return "", err
	}
	return asked, nil
}

// guestEnv returns the whole environment of the test binary.
func guestEnv(o options, environ []string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "TMPDIR=/tmp",
		// What tests of the kernel look at: they are in a machine of their own.
		"RELANCE_TEST_VM=1",
	}
	if o.swap > 0 {
		env = append(env, "RELANCE_TEST_VM_SWAP="+strconv.FormatInt(o.swap, 10))
	}
	for _, v := range environ {
		// The one is for tests that start machines; there are none in here.
		if strings.HasPrefix(v, "RELANCE_TEST_") && !strings.HasPrefix(v, "RELANCE_TEST_VM_HOST=") {
			env = append(env, v)
		}
	}
	return append(env, o.env...)
}

// swapImage makes a file of this size with the header that mkswap(8) would
// write: version, last page and the magic word at the end of the first page.
func swapImage(name string, size int64) error {
	const page = 4096
	head := make([]byte, page)
	last := uint32(size/page - 1)
	copy(head[1024:], []byte{1, 0, 0, 0, byte(last), byte(last >> 8), byte(last >> 16), byte(last >> 24)})
	copy(head[page-10:], "SWAPSPACE2")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(head); err != nil {
		return err
	}
	return f.Truncate(size)
}

// executable says early and plainly that a binary cannot run in the guest: a
// kernel that misses the loader only says that the binary is not there.
func executable(name string, add []pair) error {
	f, err := elf.Open(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	section := f.Section(".interp")
	if section == nil {
		return nil
	}
	text, err := section.Data()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	loader := strings.TrimRight(string(text), "\x00")
	for _, p := range add {
		if loader == p.guest || strings.HasPrefix(loader, strings.TrimSuffix(p.guest, "/")+"/") {
			return nil
		}
	}
	return hinted(fmt.Errorf("%s needs %s, which the machine does not have", name, loader),
		"build it with CGO_ENABLED=0, or give it the loader and its libraries with -add")
}
