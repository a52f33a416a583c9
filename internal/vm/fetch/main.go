// Fetch gets what vmrun needs: QEMU, and a folder with a kernel, its modules, an
// empty disk, busybox, container runtimes, and a disk with a small Debian that
// has systemd. With apt, on Debian. The packages of the guest are downloaded and
// unpacked, not installed; only QEMU is installed, when it is missing. What is
// complete is left alone, so that it can run before each test.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"relance/internal/vm/wire"
)

// emulator is installed, since it needs its libraries and firmware.
const emulator = "qemu-system-x86"

// kernel is the package that always depends on the newest kernel made for
// virtual machines: a small one, with ext4 built in.
const kernel = "linux-image-cloud-amd64"

// diskSize is that of the empty disk. It is sparse: what is not written takes
// no room.
const diskSize = "1G"

func main() {
	cache := flag.String("cache", filepath.Join("cache", "vm"), "`folder` to fill")
	flag.Parse()
	folder, err := filepath.Abs(*cache) // tools run in folders of their own
	if err == nil {
		err = fetch(folder)
	}
	if err == nil {
		err = fetchRuntimes(folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fetch: error:", err)
		os.Exit(1)
	}
}

func fetch(cache string) error {
	if err := needEmulator(); err != nil {
		return err
	}
	if complete(cache) && systemComplete(cache) {
		return nil
	}
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb", "mkfs.ext4", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w; this program needs Debian with e2fsprogs, or fill %s by hand: %s",
				err, cache, strings.Join(append(wanted(), wire.SystemImage), " "))
		}
	}
	if !complete(cache) {
		if err := fetchBase(cache); err != nil {
			return err
		}
	}
	if systemComplete(cache) {
		return nil
	}
	return fetchSystem(cache)
}

// fetchBase makes the folder, with all but the disk that has systemd.
func fetchBase(cache string) error {
	if err := os.MkdirAll(filepath.Dir(cache), 0o755); err != nil {
		return err
	}
	// Filled beside its place and renamed whole: a folder that is there is
	// complete, even if an earlier run was interrupted.
	folder, err := os.MkdirTemp(filepath.Dir(cache), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	release, err := fill(folder)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(cache); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(folder, "new"), cache); err != nil {
		return err
	}
	fmt.Printf("fetch: %s is ready: kernel %s\n", cache, release)
	return nil
}

// wanted are the files that fetchBase leaves.
func wanted() []string {
	files := []string{"vmlinuz", "busybox", "data.ext4"}
	for _, m := range wire.Modules {
		files = append(files, m+".ko")
	}
	return files
}

// complete reports whether every file is there.
func complete(cache string) bool {
	for _, name := range wanted() {
		if _, err := os.Stat(filepath.Join(cache, name)); err != nil {
			return false
		}
	}
	return true
}

func needEmulator() error {
	if _, err := exec.LookPath("qemu-system-x86_64"); err == nil {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is missing and only root can install it; run: sudo apt-get install --no-install-recommends %s", emulator, emulator)
	}
	fmt.Println("fetch: installing", emulator)
	return run("", "apt-get", "install", "-y", "-qq", "--no-install-recommends", emulator)
}

// fill makes folder/new and returns the kernel's release.
func fill(folder string) (string, error) {
	depends, err := exec.Command("apt-cache", "depends", kernel).Output()
	if err != nil {
		return "", fmt.Errorf("look up %s: %w; run: apt-get update", kernel, err)
	}
	image, err := imageOf(string(depends))
	if err != nil {
		return "", err
	}
	fmt.Printf("fetch: downloading %s and busybox-static\n", image)
	if err := run(folder, "apt-get", "download", "-qq", image, "busybox-static"); err != nil {
		return "", err
	}
	packages, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil {
		return "", err
	}
	root, into := filepath.Join(folder, "root"), filepath.Join(folder, "new")
	for _, p := range packages {
		if err := run(folder, "dpkg-deb", "-x", p, root); err != nil {
			return "", err
		}
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		return "", err
	}
	release := strings.TrimPrefix(image, "linux-image-")
	if err := os.Rename(filepath.Join(root, "boot", "vmlinuz-"+release), filepath.Join(into, "vmlinuz")); err != nil {
		return "", err
	}
	if err := takeBusybox(root, into); err != nil {
		return "", err
	}
	if err := takeModules(root, into); err != nil {
		return "", err
	}
	disk := filepath.Join(into, "data.ext4")
	return release, run(folder, "mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", disk, diskSize)
}

var dependsLine = regexp.MustCompile(`(?m)^\s*Depends: (linux-image-[0-9]\S*)$`)

// imageOf finds the real package among what the metapackage depends on.
func imageOf(depends string) (string, error) {
	m := dependsLine.FindStringSubmatch(depends)
	if m == nil {
		return "", fmt.Errorf("find the kernel %s depends on: none named; run: apt-get update", kernel)
	}
	return m[1], nil
}

// takeBusybox looks in both places it has had.
func takeBusybox(root, into string) error {
	err := os.Rename(filepath.Join(root, "usr/bin/busybox"), filepath.Join(into, "busybox"))
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(filepath.Join(root, "bin/busybox"), filepath.Join(into, "busybox"))
	}
	return err
}

// takeModules moves the modules, uncompressed: Debian 13 ships .ko.xz, and not
// every kernel can load that. One that is not there is built in, and an empty
// file would not load, so it is an error until a kernel shows up that has it.
func takeModules(root, into string) error {
	found := map[string]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		name, isModule := strings.CutSuffix(strings.TrimSuffix(filepath.Base(file), ".xz"), ".ko")
		if isModule {
			found[strings.ReplaceAll(name, "-", "_")] = file
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range wire.Modules {
		file := found[m]
		if file == "" {
			return fmt.Errorf("find module %s: not in the kernel's package", m)
		}
		if strings.HasSuffix(file, ".xz") {
			if err := run("", "xz", "-d", file); err != nil {
				return err
			}
			file = strings.TrimSuffix(file, ".xz")
		}
		if err := os.Rename(file, filepath.Join(into, m+".ko")); err != nil {
			return err
		}
	}
	return nil
}

// run runs a tool in a folder; when it ends badly, what it said is the error.
func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w: %s%s", strings.Join(cmd.Args, " "), err,
			strings.TrimSpace(string(out)), cureOf(string(out)))
	}
	return nil
}

// cureOf names the cure of the two failures that apt has most often.
func cureOf(said string) string {
	switch {
	case strings.Contains(said, "Temporary failure resolving"), strings.Contains(said, "Could not connect"):
		return "\nfetch: hint: no network: copy a filled folder from another machine and name it with -cache"
	case strings.Contains(said, "Unable to locate package"), strings.Contains(said, "404  Not Found"):
		return "\nfetch: hint: the package lists are missing or old; run, as root: apt-get update"
	}
	return ""
}
