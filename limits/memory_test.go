package limits

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const fixtures = "testdata/memory"

// Every folder of testdata/memory is a machine, named by the case.
func TestEffectiveMemory(t *testing.T) {
	const memTotal = "MemTotal of /proc/meminfo"
	tests := map[string]struct {
		bytes  int64
		source string // or, if bytes is 0, a part of the error
	}{
		"v2-limit":                  {2 * gib, "memory.max of /system.slice/x.service"},
		"v2-no-limit":               {8 * gib, memTotal},
		"v2-parent-smaller":         {512 * mib, "memory.max of /a"},
		"v2-above-memtotal":         {8 * gib, memTotal},
		"v2-controller-not-enabled": {gib, "memory.max of /a"},
		"v2-zero":                   {0, "sys/fs/cgroup/a/memory.max: the limit is 0 bytes, so nothing could run: raise it"},
		"v1-limit":                  {256 * mib, "memory.limit_in_bytes of /docker/x"},
		"v1-no-limit":               {8 * gib, memTotal},
		"v1-container":              {128 * mib, "memory.limit_in_bytes of /docker/abc"},
		"v1-container-subgroup":     {64 * mib, "memory.limit_in_bytes of /docker/abc/sub"},
		"hybrid":                    {768 * mib, "memory.limit_in_bytes of /job"},
		"container-root":            {512 * mib, "memory.max of /"},
		"outside-namespace":         {8 * gib, memTotal}, // the limit we see is not above us
		"mount-above-namespace":     {3 * gib, "memory.max of /../.."},
		"mount-elsewhere":           {gib, "memory.max of /a"},
		"sibling-with-same-prefix":  {8 * gib, memTotal},
		"no-mountinfo":              {gib, "memory.max of /a"},
		"no-cgroup":                 {8 * gib, memTotal},
		"no-meminfo":                {gib, "memory.max of /a"},
		"nothing":                   {0, "find effective memory: no limit above us and no /proc/meminfo: mount /proc, or give a size instead of a percentage"},
		"broken-file":               {0, `sys/fs/cgroup/a/memory.max: parse "lots": not a number of bytes or max`},
		"broken-negative":           {0, `parse "-1": not a number of bytes or max`},
		"broken-empty":              {0, `parse "": not a number of bytes or max`},
		"broken-cgroup-line":        {0, `read /proc/self/cgroup: parse line "hello": not ID:CONTROLLERS:/PATH`},
		"broken-meminfo":            {0, `read /proc/meminfo: parse line "MemTotal: many kB": not a number of kB above 0`},
		"broken-meminfo-unit":       {0, `parse line "MemTotal: 8388608 MB"`},
		"broken-mountinfo-line":     {gib, "memory.max of /a"}, // skipped
	}
	entries, err := os.ReadDir(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(tests) {
		t.Errorf("%d fixtures, %d tests", len(entries), len(tests))
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) { check(t, filepath.Join(fixtures, name), want.bytes, want.source) })
	}
}

func check(t *testing.T, root string, bytes int64, source string) {
	t.Helper()
	got, from, err := EffectiveMemory(root)
	switch {
	case bytes == 0 && (err == nil || !strings.Contains(err.Error(), source) || got != 0 || from != ""):
		t.Errorf("%d, %q, %v; want an error with %q", got, from, err, source)
	case bytes != 0 && (err != nil || got != bytes || from != source):
		t.Errorf("%d, %q, %v; want %d, %q", got, from, err, bytes, source)
	}
}

// machine writes a fixture that cannot be kept in a repository.
func machine(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const v2Mount = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

func TestEffectiveMemoryHostile(t *testing.T) {
	const meminfo = "MemTotal: 8388608 kB\n"
	long := strings.Repeat("x", readMax)
	t.Run("terminal-codes", func(t *testing.T) {
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/a\x1b[2J\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/a\x1b[2J/memory.max": "1048576\n"})
		check(t, root, mib, `memory.max of "/a\x1b[2J"`)
	})
	t.Run("long-name", func(t *testing.T) {
		dir := strings.Repeat("a", 200)
		dir += "/" + dir + "/" + dir
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/" + dir + "\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/" + dir + "/memory.max": "1048576\n"})
		check(t, root, mib, "memory.max of ..."+dir[len(dir)-nameMax+3:])
	})
	t.Run("long-limit", func(t *testing.T) {
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/a/memory.max": "1" + long})
		check(t, root, 0, "memory.max: longer than 64 KiB")
	})
	t.Run("long-mountinfo", func(t *testing.T) { // the usual place is tried; the cut line is not used
		filler := strings.Repeat("9 9 0:9 / /x rw - tmpfs tmpfs rw\n", readMax/30)
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": filler + v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/a/memory.max": "1048576\n"})
		check(t, root, mib, "memory.max of /a")
	})
	t.Run("fifo", func(t *testing.T) { // must not wait for a writer
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/x": ""})
		if err := unix.Mkfifo(filepath.Join(root, "sys/fs/cgroup/memory.max"), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, root, 0, "memory.max: not a file but p---------")
	})
	t.Run("folder", func(t *testing.T) {
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max/x": ""})
		check(t, root, 0, "memory.max: not a file but d---------")
	})
	t.Run("file-for-folder", func(t *testing.T) { // ENOTDIR: there is no such group
		root := machine(t, map[string]string{"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": v2Mount,
			"proc/meminfo": meminfo, "sys/fs/cgroup/a": ""})
		check(t, root, 8*gib, "MemTotal of /proc/meminfo")
	})
}

// memoryMachine reads from a map; a missing name does not exist, and a text of
// "denied" may not be read.
func memoryMachine(files map[string]string) readFunc {
	return func(name string) (string, bool, error) {
		text, ok := files[name]
		switch {
		case !ok:
			return "", false, fs.ErrNotExist
		case text == "denied":
			return "", false, fs.ErrPermission
		case len(text) > readMax:
			return text[:readMax], true, nil
		}
		return text, false, nil
	}
}

func TestEffectiveMemoryDenied(t *testing.T) {
	files := map[string]string{"/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": v2Mount, "/sys/fs/cgroup/a/memory.max": "denied"}
	if f, err := effectiveMemory(memoryMachine(files)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a limit that cannot be read: %+v, %v", f, err)
	}
	// A second mount of the same hierarchy is open.
	files["/proc/self/mountinfo"] += "31 23 0:26 / /mnt rw - cgroup2 cgroup2 rw\n"
	files["/mnt/a/memory.max"] = "4096\n"
	if f, err := effectiveMemory(memoryMachine(files)); err != nil || f != (finding{4096, "memory.max of /a"}) {
		t.Errorf("with another mount: %+v, %v", f, err)
	}
}

// A group that is removed while we look at it.
func TestEffectiveMemoryRemoved(t *testing.T) {
	read := memoryMachine(map[string]string{"/proc/self/cgroup": "0::/a/b\n", "/proc/self/mountinfo": v2Mount, "/sys/fs/cgroup/a/memory.max": "4096\n"})
	f, err := effectiveMemory(func(name string) (string, bool, error) {
		if name == "/sys/fs/cgroup/a/b/memory.max" {
			return "", false, &fs.PathError{Op: "read", Path: name, Err: unix.ENODEV}
		}
		return read(name)
	})
	if err != nil || f != (finding{4096, "memory.max of /a"}) {
		t.Errorf("%+v, %v", f, err)
	}
}

// On this machine, whatever it is, there must be an answer.
func TestEffectiveMemoryHere(t *testing.T) {
	bytes, source, err := EffectiveMemory("")
	if err != nil || bytes < 1<<20 || source == "" {
		t.Fatalf("%d, %q, %v", bytes, source, err)
	}
	t.Logf("%s, %s", FormatSize(bytes), source)
}

// FuzzEffectiveMemory feeds all four files; every group has the same limit file.
func FuzzEffectiveMemory(f *testing.F) {
	const meminfo = "MemTotal: 8388608 kB\n"
	f.Add("0::/a/b\n", v2Mount, "1048576\n", meminfo)
	f.Add("4:memory:/docker/x\n0::/\n", "35 31 0:32 /docker /sys/fs/cgroup/memory rw a:1 - cgroup cgroup rw,memory\n", "9223372036854771712\n", meminfo)
	f.Add("0::/../x\n", "30 23 0:26 /../.. /my\\040cgroups rw - cgroup2 cgroup2 rw\n", "max\n", "")
	f.Add("0::/a\x1b[2J\n", v2Mount, "4096\n", meminfo)
	f.Add("0::/a\n"+strings.Repeat("1:memory:/\x00\n", 3), v2Mount+"1 1 0:1 / /\\000 rw - cgroup x memory", "1", meminfo)
	f.Add("1:memory:/a/../../b\n", "1 1 0:1 /.. /../.. rw - cgroup x memory", "0", "MemTotal:\n")
	f.Fuzz(func(t *testing.T, groups, mounts, limit, meminfo string) {
		files := map[string]string{"/proc/self/cgroup": groups, "/proc/self/mountinfo": mounts, "/proc/meminfo": meminfo}
		read := memoryMachine(files)
		got, err := effectiveMemory(func(name string) (string, bool, error) {
			base := path.Base(name)
			if base != "memory.max" && base != "memory.limit_in_bytes" {
				return read(name)
			}
			// No path may lead out of a mount.
			below := func(m mount) bool { return strings.HasPrefix(name, strings.TrimSuffix(m.point, "/")+"/") }
			if name != path.Clean(name) || !slices.ContainsFunc(append(parseMounts(mounts), usualMounts...), below) {
				t.Fatalf("reads %q", name)
			}
			return limit, false, nil
		})
		if err != nil {
			checkRefusal(t, got == finding{}, err)
			return
		}
		if got.limit <= 0 || got.source == "" {
			t.Fatalf("%+v", got)
		}
		if total, err := parseMemTotal(meminfo); err == nil && got.limit > total {
			t.Fatalf("%+v is above MemTotal %d", got, total)
		}
		for _, r := range got.source {
			if r < ' ' || r == 0x7f {
				t.Fatalf("control character in source %q", got.source)
			}
		}
	})
}
