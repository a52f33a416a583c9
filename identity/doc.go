// Package identity says as whom a command can run: it turns the names of users, groups
// and capabilities into numbers, and finds out beforehand what the kernel would refuse.
//
// Names are those of /etc/passwd and /etc/group. Where users come from elsewhere (LDAP,
// the name service switch) only the C library knows them, which a static binary has not:
// numbers do there.
package identity
