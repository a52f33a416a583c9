package containertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// cgroupRoot is where the host has its cgroup2.
const cgroupRoot = "/sys/fs/cgroup"

// rootfs is the root of all containers, which they may only read: busybox,
// relance and misbehave in /bin. TestMain makes it, unless ready says why not.
var (
	rootfs string
	ready  error
)

func TestMain(m *testing.M) {
	if os.Getenv("RELANCE_TEST_CONTAINER") != "1" {
		os.Exit(m.Run())
	}
	folder, err := os.MkdirTemp("", "containertest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rootfs = folder
	ready = errors.Join(checkHost(), fillRoot(rootfs))
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// needContainers skips the test where containers were not asked for, and fails
// it where they were and cannot run.
func needContainers(t *testing.T) {
	t.Helper()
	if os.Getenv("RELANCE_TEST_CONTAINER") != "1" {
		t.Skip("needs a machine for containers: make check-kernel")
	}
	if ready != nil {
		t.Fatalf("RELANCE_TEST_CONTAINER is set, and containers cannot run: %v", ready)
	}
}

// checkHost reports all that this machine lacks.
func checkHost() error {
	var lacks []error
	if os.Getuid() != 0 {
		lacks = append(lacks, fmt.Errorf("uid is %d, want 0", os.Getuid()))
	}
	for _, name := range []string{"runc", "crun"} {
		_, err := exec.LookPath(name)
		lacks = append(lacks, err)
	}
	controllers, err := os.ReadFile(cgroupRoot + "/cgroup.controllers")
	if lacks = append(lacks, err); err == nil && !strings.Contains(string(controllers), "memory") {
		lacks = append(lacks, fmt.Errorf("%s has no memory controller: %q", cgroupRoot, controllers))
	}
	return errors.Join(lacks...)
}

// fillRoot makes the files of a container.
func fillRoot(root string) error {
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for name, variable := range map[string]string{
		"relance": "RELANCE_TEST_BIN", "misbehave": "RELANCE_TEST_MISBEHAVE", "busybox": "RELANCE_TEST_BUSYBOX",
	} {
		from := os.Getenv(variable)
		if from == "" {
			from = "/bin/" + name
		}
		if err := copyProgram(from, filepath.Join(root, "bin", name)); err != nil {
			return err
		}
	}
	// The shell and the small tools, as links to /bin/busybox.
	tools, err := exec.Command(filepath.Join(root, "bin", "busybox"), "--list").Output()
	if err != nil {
		return fmt.Errorf("list what busybox can do: %w", err)
	}
	for _, name := range strings.Fields(string(tools)) {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// object is one of JSON.
type object = map[string]any

// writeBundle writes the config.json of a container that runs words, after the
// OCI runtime specification.
func writeBundle(t *testing.T, folder, cgroup string, b box, words []string) {
	t.Helper()
	// Those that docker gives: a container can do what it does with no more.
	capabilities := strings.Fields("CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID " +
		"CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE")
	config := object{
		"ociVersion": "1.0.2",
		"hostname":   "box",
		"root":       object{"path": rootfs, "readonly": true},
		"process": object{
			"args": words,
			"env":  append([]string{"PATH=/bin", "HOME=/"}, b.env...),
			"cwd":  "/",
			"user": object{"uid": 0, "gid": 0},
			"capabilities": object{
				"bounding": capabilities, "effective": capabilities, "permitted": capabilities,
			},
			"rlimits": []object{{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096}},
		},
		"mounts": mounts(b),
		"linux": object{
			"cgroupsPath":   cgroup,
			"namespaces":    namespaces(b),
			"resources":     resources(b),
			"maskedPaths":   []string{"/proc/kcore", "/proc/keys", "/proc/timer_list"},
			"readonlyPaths": []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// mounts are those of `runc spec`; only that of the cgroup differs.
func mounts(b box) []object {
	mount := func(kind, target, options string) object {
		return object{"type": kind, "source": kind, "destination": target, "options": strings.Split(options, ",")}
	}
	cgroup := "ro,nosuid,noexec,nodev,relatime"
	if b.writable {
		cgroup = "rw,nosuid,noexec,nodev,relatime"
	}
	return []object{
		mount("proc", "/proc", "nosuid,noexec,nodev"),
		mount("tmpfs", "/dev", "nosuid,strictatime,mode=755,size=65536k"),
		mount("devpts", "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"),
		mount("tmpfs", "/dev/shm", "nosuid,noexec,nodev,mode=1777,size=65536k"),
		mount("mqueue", "/dev/mqueue", "nosuid,noexec,nodev"),
		mount("sysfs", "/sys", "nosuid,noexec,nodev,ro"),
		mount("cgroup", cgroupRoot, cgroup),
		mount("tmpfs", "/tmp", "nosuid,nodev,mode=1777"),
	}
}

func namespaces(b box) []object {
	all := []object{{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}}
	if !b.hostNS {
		all = append(all, object{"type": "cgroup"})
	}
	return all
}

func resources(b box) object {
	r := object{"devices": []object{{"allow": false, "access": "rwm"}}}
	if b.memory > 0 {
		r["memory"] = object{"limit": b.memory}
	}
	if b.pids > 0 {
		r["pids"] = object{"limit": b.pids}
	}
	return r
}

// delegateToNamespaces mounts the hierarchy as systemd does on every host that
// has it: the limits of a namespace's own root can then not be changed from
// inside. The options belong to the whole hierarchy, and a runtime that mounts
// it for a container in the host's namespace, without them, takes them away.
func delegateToNamespaces(t *testing.T) {
	t.Helper()
	if err := unix.Mount("cgroup2", cgroupRoot, "cgroup2", unix.MS_REMOUNT, "nsdelegate,memory_recursiveprot"); err != nil {
		t.Fatalf("mount %s again: %v", cgroupRoot, err)
	}
}

// makeGroup makes a group of the host for one container's group to be in: its
// counters stay when the runtime has removed that. Its controllers are enabled
// by the runtime.
func makeGroup(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(cgroupRoot, "containertest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// rmdir(2) and not a walk: only what is empty may go.
		if err := unix.Rmdir(dir); err != nil {
			t.Errorf("remove %s: %v", dir, err)
		}
	})
	return dir
}
