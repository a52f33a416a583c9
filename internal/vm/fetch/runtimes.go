package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// runtimes are the container runtimes of Debian, package and program of one
// name. They and the libraries they load go into a folder of their own, laid
// out so that it can be put over the root of the machine.
var runtimes = []string{"crun", "runc"}

// Where a program and a library are in that folder. Debian's loader looks for
// libraries there without a cache of ldconfig.
const (
	programs  = "usr/bin"
	libraries = "lib/x86_64-linux-gnu"
)

// fetchRuntimes fills cache/runtimes, unless it is there: it is renamed whole.
func fetchRuntimes(cache string) error {
	into := filepath.Join(cache, "runtimes")
	if hasRuntimes(into) {
		return nil
	}
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w; this program needs Debian, or fill %s by hand with %s of %s and the libraries they load",
				err, into, programs, strings.Join(runtimes, " and "))
		}
	}
	folder, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	names, err := packagesOf(runtimes)
	if err != nil {
		return err
	}
	fmt.Println("fetch: downloading", strings.Join(names, " "))
	if err := run(folder, "apt-get", append([]string{"download", "-qq"}, names...)...); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil {
		return err
	}
	root, filled := filepath.Join(folder, "root"), filepath.Join(folder, "new")
	for _, p := range packages {
		if err := run(folder, "dpkg-deb", "-x", p, root); err != nil {
			return err
		}
	}
	if err := takePrograms(root, filled, runtimes); err != nil {
		return err
	}
	if err := os.RemoveAll(into); err != nil {
		return err
	}
	if err := os.Rename(filled, into); err != nil {
		return err
	}
	fmt.Printf("fetch: %s is ready: %s\n", into, strings.Join(runtimes, ", "))
	return nil
}

func hasRuntimes(folder string) bool {
	for _, name := range runtimes {
		if _, err := os.Stat(filepath.Join(folder, programs, name)); err != nil {
			return false
		}
	}
	return true
}

// packagesOf returns the packages with all that they depend on.
func packagesOf(names []string) ([]string, error) {
	args := []string{"depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
		"--no-replaces", "--no-enhances"}
	said, err := exec.Command("apt-cache", append(args, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("look up what %s need: %w; run: apt-get update", strings.Join(names, " and "), err)
	}
	return append(slices.Clone(names), dependencies(string(said))...), nil
}

// A name in <> is virtual and has no file.
var dependency = regexp.MustCompile(`(?m)^\s+\|?(?:Pre)?Depends: ([^<\s:]+)(?::any)?$`)

// dependencies are the packages that apt-cache names as needed, each once.
func dependencies(said string) []string {
	var names []string
	for _, m := range dependency.FindAllStringSubmatch(said, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// takePrograms moves programs, and the loader and libraries they need, from the
// unpacked packages to a new folder.
func takePrograms(root, into string, names []string) error {
	found, err := filesByName(root)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	var take func(name, place string) error
	take = func(name, place string) error {
		if taken[place] {
			return nil
		}
		taken[place] = true
		file, ok := found[name]
		if !ok {
			return fmt.Errorf("find %s: in none of the packages", name)
		}
		libs, loader, err := needed(file)
		if err != nil {
			return err
		}
		target := filepath.Join(into, place)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.Rename(file, target); err != nil {
			return err
		}
		if loader != "" {
			err = take(filepath.Base(loader), loader)
		}
		for _, lib := range libs {
			// Some libraries name the loader, which is there by now.
			if !strings.HasPrefix(lib, "ld-linux") {
				err = errors.Join(err, take(lib, filepath.Join(libraries, lib)))
			}
		}
		return err
	}
	for _, name := range names {
		err = errors.Join(err, take(name, filepath.Join(programs, name)))
	}
	return err
}

// filesByName maps the name of every file below root to its path, and that of
// every link to the file it ends at.
func filesByName(root string) (map[string]string, error) {
	files, links := map[string]string{}, map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "share" || d.Name() == "etc"):
			return fs.SkipDir // files about a program may bear its name
		case d.Type().IsRegular():
			files[d.Name()] = path
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			// By name, for an absolute link would lead out of root.
			links[d.Name()] = filepath.Base(target)
			return err
		}
		return nil
	})
	for name := range links {
		end := name
		for range links { // links may name each other in a circle
			if files[end] != "" {
				files[name] = files[end]
				break
			}
			end = links[end]
		}
	}
	return files, err
}

// needed returns what the kernel and the loader will look for to run a file.
func needed(file string) (libs []string, loader string, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", file, err)
	}
	defer f.Close()
	if section := f.Section(".interp"); section != nil {
		text, err := section.Data()
		if err != nil {
			return nil, "", fmt.Errorf("read %s: %w", file, err)
		}
		loader = strings.Trim(string(text), "\x00/")
	}
	libs, err = f.ImportedLibraries()
	return libs, loader, err
}
