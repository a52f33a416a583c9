package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"relance/internal/vm/wire"
)

// systemSize is that of the disk: what it has, and room for what tests add and
// write. It is sparse.
const systemSize = "1G"

// recipeFile tells from what the disk was made.
const recipeFile = wire.SystemImage + ".recipe"

// systemComplete reports whether the disk is there and made as this program
// would make it: after a change of the recipe it is made anew.
func systemComplete(cache string) bool {
	if _, err := os.Stat(filepath.Join(cache, wire.SystemImage)); err != nil {
		return false
	}
	text, err := os.ReadFile(filepath.Join(cache, recipeFile))
	return err == nil && string(text) == recipe()
}

// recipe is a fingerprint of all that the disk is made from, but the versions
// of the packages.
func recipe() string {
	// Maps print in the order of their keys.
	all := fmt.Sprintln(systemSize, systemPackages, systemFolders, systemFiles, systemLinks, leftOut)
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:]) + "\n"
}

// fetchSystem makes the disk with systemd. It is Debian's packages unpacked: no
// script of a package runs, which would need a chroot, some perl, and minutes.
// What those scripts would do and tests need is in systemFiles.
func fetchSystem(cache string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("make %s: files of root and others go into it, and only root can make them; run as root: %s",
			wire.SystemImage, strings.Join(os.Args, " "))
	}
	start := time.Now()
	folder, err := os.MkdirTemp(filepath.Dir(cache), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Println("fetch: downloading packages for", wire.SystemImage)
	packages, err := downloadClosure(folder, systemPackages)
	if err != nil {
		return err
	}
	root := filepath.Join(folder, "root")
	if err := fillRoot(root, packages); err != nil {
		return err
	}
	image := filepath.Join(folder, wire.SystemImage)
	// Nothing in it is random, so that two disks of the same packages behave the same.
	const uuid = "72656c61-6e63-4520-8973-797374656d64"
	err = run(folder, "mkfs.ext4", "-q", "-m", "0", "-U", uuid, "-E", "lazy_itable_init=1,hash_seed="+uuid,
		"-O", "^has_journal", "-d", root, image, systemSize)
	if err != nil {
		return err
	}
	// The recipe comes last: a disk without one is not complete.
	if err := os.RemoveAll(filepath.Join(cache, recipeFile)); err != nil {
		return err
	}
	if err := os.Rename(image, filepath.Join(cache, wire.SystemImage)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(cache, recipeFile), []byte(recipe()), 0o644); err != nil {
		return err
	}
	fmt.Printf("fetch: %s is ready: %d packages, made in %v\n",
		filepath.Join(cache, wire.SystemImage), len(packages), time.Since(start).Round(time.Second))
	return nil
}

// downloadClosure downloads packages and all they depend on, as if nothing were
// installed here, and returns the files.
func downloadClosure(folder string, names []string) ([]string, error) {
	status, archives := filepath.Join(folder, "status"), filepath.Join(folder, "archives")
	if err := os.WriteFile(status, nil, 0o644); err != nil {
		return nil, err
	}
	if err := os.Mkdir(archives, 0o755); err != nil {
		return nil, err
	}
	err := run(folder, "apt-get", slices.Concat([]string{"install", "-y", "-qq", "--download-only", "--no-install-recommends",
		"-o", "Dir::State::status=" + status, "-o", "Dir::Cache::archives=" + archives,
		// Nothing of this machine changes, so nobody has to wait for us.
		"-o", "Debug::NoLocking=1"}, names)...)
	if err != nil {
		return nil, err
	}
	packages, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err == nil && len(packages) == 0 {
		err = errors.New("apt-get downloaded no package; run: apt-get update")
	}
	return packages, err
}

// fillRoot makes the tree of the disk.
func fillRoot(root string, packages []string) error {
	for _, dir := range systemFolders {
		if err := os.MkdirAll(filepath.Join(root, dir.name), dir.perm.Perm()); err != nil {
			return err
		}
	}
	// Before the packages: some still have files in /bin or /lib.
	for _, dir := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.MkdirAll(filepath.Join(root, "usr", dir), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+dir, filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	for _, p := range packages {
		if err := unpack(p, root); err != nil {
			return err
		}
	}
	for name, content := range systemFiles {
		if err := writeFile(filepath.Join(root, name), content); err != nil {
			return err
		}
	}
	for name, target := range systemLinks {
		name := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Symlink(target, name); err != nil {
			return err
		}
	}
	// Last: MkdirAll obeys the umask, packages have folders of their own, and
	// the owner must be one of the disk's.
	for _, dir := range systemFolders {
		name := filepath.Join(root, dir.name)
		if err := errors.Join(os.Chown(name, dir.owner, dir.owner), os.Chmod(name, dir.perm)); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file in place of what a package may have there, as others
// than root may read it whatever the umask.
func writeFile(name, content string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		return err
	}
	return os.Chmod(name, 0o644)
}

// unpack unpacks a package without what only people read. Not dpkg-deb -x: its
// tar would put a folder in place of the link /bin.
func unpack(file, root string) error {
	args := []string{"-x", "-p", "-C", root, "--keep-directory-symlink"}
	for _, pattern := range leftOut {
		args = append(args, "--exclude="+pattern)
	}
	var said bytes.Buffer
	from, to := exec.Command("dpkg-deb", "--fsys-tarfile", file), exec.Command("tar", args...)
	from.Stderr, to.Stderr, to.Stdout = &said, &said, &said
	pipe, err := from.StdoutPipe()
	if err != nil {
		return err
	}
	to.Stdin = pipe
	if err := from.Start(); err != nil {
		return err
	}
	err = to.Run()
	// If tar has failed, dpkg-deb would write to nobody for ever.
	pipe.Close()
	if err = errors.Join(err, from.Wait()); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", filepath.Base(file), err, strings.TrimSpace(said.String()))
	}
	return nil
}
