//go:build !cgo

#include "textflag.h"

// _cgo_init is a variable of the runtime (runtime/cgo.go) that runtime/cgo
// fills in a build with cgo. When it is not zero, rt0_go calls it before
// anything else: before arguments, threads and signals (runtime/asm_amd64.s).
// It expects the C calling convention and that thread-local storage is there
// when it returns, because a libc would have set it up; here we do that.
DATA _cgo_init(SB)/8, $·record(SB)
GLOBL _cgo_init(SB), NOPTR, $8

// The thread-local storage of the main thread: the runtime keeps one word, at
// -8(FS). Other threads get theirs from the runtime (clone with CLONE_SETTLS).
GLOBL tls<>(SB), NOPTR, $64

#define SYS_rt_sigaction	13
#define SYS_rt_sigprocmask	14
#define SYS_fcntl		72
#define SYS_arch_prctl		158
#define SYS_prlimit64		302

// func record()
//
// Registers: R12 the number at hand, R13 the bits found; both survive SYSCALL.
TEXT ·record(SB),NOSPLIT|NOFRAME,$0
	SUBQ	$64, SP

	// rt_sigaction(R12, NULL, SP, 8) for all 64 signals: the handler is the
	// first word, 1 is SIG_IGN.
	XORQ	R13, R13
	MOVQ	$1, R12
signal:
	MOVQ	R12, DI
	XORQ	SI, SI
	MOVQ	SP, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigaction, AX
	SYSCALL
	TESTQ	AX, AX
	JNE	nextsignal
	CMPQ	0(SP), $1
	JNE	nextsignal
	LEAQ	-1(R12), CX
	MOVQ	$1, AX
	SHLQ	CX, AX
	ORQ	AX, R13
nextsignal:
	INCQ	R12
	CMPQ	R12, $64
	JLE	signal
	MOVQ	R13, ·givenIgnored(SB)

	// fcntl(fd, F_GETFD): -EBADF (-9) when it is closed.
	XORQ	R13, R13
	XORQ	R12, R12
descriptor:
	MOVQ	R12, DI
	MOVQ	$1, SI
	XORQ	DX, DX
	MOVQ	$SYS_fcntl, AX
	SYSCALL
	CMPQ	AX, $-9
	JNE	nextdescriptor
	MOVQ	R12, CX
	MOVQ	$1, AX
	SHLQ	CX, AX
	ORQ	AX, R13
nextdescriptor:
	INCQ	R12
	CMPQ	R12, $3
	JLT	descriptor
	MOVQ	R13, ·givenClosed(SB)

	// prlimit64(0, RLIMIT_NOFILE, NULL, &givenNoFile)
	XORQ	DI, DI
	MOVQ	$7, SI
	XORQ	DX, DX
	LEAQ	·givenNoFile(SB), R10
	MOVQ	$SYS_prlimit64, AX
	SYSCALL

	// rt_sigprocmask(SIG_BLOCK, NULL, &givenBlocked, 8)
	XORQ	DI, DI
	XORQ	SI, SI
	LEAQ	·givenBlocked(SB), DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	SYSCALL

	// arch_prctl(ARCH_SET_FS, tls+56)
	MOVQ	$0x1002, DI
	LEAQ	tls<>+56(SB), SI
	MOVQ	$SYS_arch_prctl, AX
	SYSCALL

	ADDQ	$64, SP
	RET
