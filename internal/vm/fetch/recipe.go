package main

import "io/fs"

// systemPackages are what the disk with systemd has, beside what they depend on:
// a system manager, a bus, real user sessions, a shell with the usual tools,
// and python3 for tests that want a program nobody wrote for them.
var systemPackages = []string{
	"base-files", "bash", "coreutils", "dash", "grep", "procps", "sed", "util-linux", "login", "mount",
	"systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd",
	"python3-minimal",
	// In place of usrmerge, which needs all of perl.
	"usr-is-merged",
}

// leftOut are patterns of tar for what nobody in the machine reads.
var leftOut = []string{
	"./usr/share/doc/*", "./usr/share/man/*", "./usr/share/info/*", "./usr/share/locale/*", "./usr/share/lintian/*",
	"./usr/share/bash-completion/*", "./usr/share/zsh/*", "./usr/share/perl*", "./usr/lib/*/gconv/*", "./usr/lib/*/perl-base/*",
	"./usr/lib/systemd/catalog/*", "./usr/lib/udev/*",
}

// folder is one that must be there with this owner (and group) and mode.
type folder struct {
	name  string
	owner int
	perm  fs.FileMode
}

var systemFolders = []folder{
	{".", 0, 0o755},
	{"data", 0, 0o755}, {"proc", 0, 0o755}, {"sys", 0, 0o755}, {"dev", 0, 0o755}, {"run", 0, 0o755}, {"root", 0, 0o700},
	{"tmp", 0, 0o777 | fs.ModeSticky}, {"var/tmp", 0, 0o777 | fs.ModeSticky},
	{"home/user", 1000, 0o755},
}

// systemFiles are the files that the packages' own scripts would make, and what
// makes this system quick to boot and plain.
var systemFiles = map[string]string{
	"etc/passwd": `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
messagebus:x:100:101::/nonexistent:/usr/sbin/nologin
user:x:1000:1000:an ordinary user:/home/user:/bin/bash
`,
	// Those that files of systemd name.
	"etc/group": `root:x:0:
tty:x:5:
disk:x:6:
lp:x:7:
adm:x:4:
dialout:x:20:
cdrom:x:24:
tape:x:26:
audio:x:29:
utmp:x:43:
video:x:44:
kmem:x:15:
users:x:100:
messagebus:x:101:
systemd-journal:x:102:
input:x:103:
kvm:x:104:
render:x:105:
sgx:x:106:
nogroup:x:65534:
user:x:1000:
`,
	// The database exists and nobody can log in with a password.
	"etc/shadow":         "root:*:19000:0:99999:7:::\nuser:*:19000:0:99999:7:::\n",
	"etc/nsswitch.conf":  "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
	"etc/hostname":       "vm\n",
	"etc/hosts":          "127.0.0.1 localhost vm\n::1 localhost\n",
	"etc/fstab":          "",
	"etc/environment":    "",
	"etc/default/locale": "",
	// Known beforehand, or systemd would take this boot for the first of a new
	// machine, and enable all there is.
	"etc/machine-id": "72656c616e63652073797374656d6420\n",

	// Sessions are real, the question for a password is not.
	"etc/pam.d/common-auth":                   "auth required pam_permit.so\n",
	"etc/pam.d/common-account":                "account required pam_permit.so\n",
	"etc/pam.d/common-password":               "password required pam_deny.so\n",
	"etc/pam.d/common-session":                "session required pam_permit.so\nsession required pam_systemd.so\n",
	"etc/pam.d/common-session-noninteractive": "session required pam_permit.so\n",

	// A boot that fails must end the machine and not wait at a prompt: the
	// runner then shows the console.
	"etc/systemd/system/emergency.service": `[Unit]
Description=End of a boot that failed
DefaultDependencies=no
[Service]
ExecStart=/usr/bin/systemctl poweroff --force --force
`,
	// Else the manager of a user goes ten seconds after the last session, in the
	// middle of the next test.
	"etc/systemd/logind.conf.d/vm.conf": "[Login]\nUserStopDelaySec=infinity\n",
	// Nobody reads the journal after the machine.
	"etc/systemd/journald.conf.d/vm.conf": "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n",
}

// systemLinks are the symbolic links.
var systemLinks = masked(map[string]string{
	"etc/systemd/system/default.target": "/usr/lib/systemd/system/multi-user.target",
	"etc/systemd/system/rescue.service": "emergency.service",
	// Its folders are for a user who is not here.
	"etc/tmpfiles.d/systemd-network.conf": "/dev/null",
	// As update-alternatives would choose.
	"usr/bin/awk": "mawk",
	"etc/mtab":    "../proc/self/mounts",
	"var/run":     "/run",
	"var/lock":    "/run/lock",
})

// masked adds the links that keep systemd from starting what takes time at boot
// and no test asks for.
func masked(links map[string]string) map[string]string {
	const null = "/dev/null"
	for _, unit := range []string{
		// They would wait for devices, which only udev announces.
		"getty.target", "serial-getty@.service",
		"dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
		"sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "proc-sys-fs-binfmt_misc.automount",
		"modprobe@.service", "systemd-modules-load.service", "systemd-binfmt.service", "kmod-static-nodes.service",
		"systemd-sysusers.service", "systemd-sysctl.service", "systemd-random-seed.service", "systemd-remount-fs.service",
		"systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-journal-flush.service",
		"systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-initctl.socket",
		"systemd-fsck-root.service", "systemd-tmpfiles-clean.timer", "systemd-tmpfiles-setup-dev.service",
	} {
		links["etc/systemd/system/"+unit] = null
	}
	for _, generator := range []string{
		"systemd-bless-boot-generator", "systemd-cryptsetup-generator", "systemd-debug-generator", "systemd-fstab-generator",
		"systemd-getty-generator", "systemd-gpt-auto-generator", "systemd-hibernate-resume-generator",
		"systemd-integritysetup-generator", "systemd-rc-local-generator", "systemd-run-generator",
		"systemd-system-update-generator", "systemd-sysv-generator", "systemd-veritysetup-generator",
	} {
		links["etc/systemd/system-generators/"+generator] = null
	}
	return links
}
