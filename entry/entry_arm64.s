//go:build !cgo

#include "textflag.h"

// See entry_amd64.s. On arm64 rt0_go needs no thread-local storage from
// _cgo_init; it keeps g in R28, which is left alone here.
DATA _cgo_init(SB)/8, $·record(SB)
GLOBL _cgo_init(SB), NOPTR, $8

#define SYS_fcntl		25
#define SYS_rt_sigaction	134
#define SYS_rt_sigprocmask	135
#define SYS_prlimit64		261

// func record()
//
// Registers: R9 the number at hand, R10 the bits found; SVC changes R0 only.
TEXT ·record(SB),NOSPLIT|NOFRAME,$0
	SUB	$64, RSP

	// rt_sigaction(R9, NULL, RSP, 8): the handler is the first word, 1 is SIG_IGN.
	MOVD	$0, R10
	MOVD	$1, R9
signal:
	MOVD	R9, R0
	MOVD	$0, R1
	MOVD	RSP, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigaction, R8
	SVC
	CBNZ	R0, nextsignal
	MOVD	0(RSP), R4
	CMP	$1, R4
	BNE	nextsignal
	SUB	$1, R9, R5
	MOVD	$1, R6
	LSL	R5, R6, R6
	ORR	R6, R10, R10
nextsignal:
	ADD	$1, R9
	CMP	$64, R9
	BLE	signal
	MOVD	R10, ·givenIgnored(SB)

	// fcntl(fd, F_GETFD): -EBADF (-9) when it is closed.
	MOVD	$0, R10
	MOVD	$0, R9
descriptor:
	MOVD	R9, R0
	MOVD	$1, R1
	MOVD	$0, R2
	MOVD	$SYS_fcntl, R8
	SVC
	CMN	$9, R0
	BNE	nextdescriptor
	MOVD	$1, R6
	LSL	R9, R6, R6
	ORR	R6, R10, R10
nextdescriptor:
	ADD	$1, R9
	CMP	$3, R9
	BLT	descriptor
	MOVD	R10, ·givenClosed(SB)

	// prlimit64(0, RLIMIT_NOFILE, NULL, &givenNoFile)
	MOVD	$0, R0
	MOVD	$7, R1
	MOVD	$0, R2
	MOVD	$·givenNoFile(SB), R3
	MOVD	$SYS_prlimit64, R8
	SVC

	// rt_sigprocmask(SIG_BLOCK, NULL, &givenBlocked, 8)
	MOVD	$0, R0
	MOVD	$0, R1
	MOVD	$·givenBlocked(SB), R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigprocmask, R8
	SVC

	ADD	$64, RSP
	RET
