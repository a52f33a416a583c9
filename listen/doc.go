// Package listen holds sockets for the command: it binds them once, before
// anything is started, and keeps them over all generations, so that a client that
// comes while nobody runs waits in the backlog and is not refused.
//
// An [Address] is what the user writes, [Held] what came of it: descriptors, the
// environment in which the command finds them ([Dialects]), and the files of unix
// sockets, which are removed at the end. relance may have been given sockets
// itself (sd_listen_fds(3), Server::Starter); they are held and passed on as well.
//
// Nothing here ever reads from a socket or accepts a connection. [Holder] finds out who
// holds an address that cannot be had.
package listen
