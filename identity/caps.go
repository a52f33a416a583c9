package identity

import (
	"fmt"
	"strings"
)

// capNames are the capabilities of Linux by their number, capabilities(7).
var capNames = strings.Fields(`
	chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
	net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
	sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
	mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`)

// ParseCaps reads a list of capabilities with commas between, as NET_BIND_SERVICE,
// cap_net_bind_service or +net_bind_service (setpriv(1)), into one bit each.
func ParseCaps(list string) (caps uint64, err error) {
	for word := range strings.SplitSeq(list, ",") {
		name := strings.TrimPrefix(strings.ToLower(word), "+")
		name = strings.TrimPrefix(name, "cap_")
		number := -1
		for i, known := range capNames {
			if known == name {
				number = i
			}
		}
		if number < 0 {
			return 0, fmt.Errorf("no capability %q; use names of capabilities(7) such as NET_BIND_SERVICE", word)
		}
		caps |= 1 << number
	}
	return caps, nil
}

// FormatCaps is the list for a set, as people write it.
func FormatCaps(caps uint64) string {
	var names []string
	for i := range 64 {
		if caps&(1<<i) == 0 {
			continue
		}
		if i < len(capNames) {
			names = append(names, strings.ToUpper(capNames[i]))
		} else {
			names = append(names, fmt.Sprintf("%d", i))
		}
	}
	return strings.Join(names, ",")
}
