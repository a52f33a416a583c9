#include "go_asm.h"
#include "textflag.h"

// The stage: what a new process does between fork and exec.
//
// The new process shares our memory until it execs (CLONE_VM) and our thread
// sleeps until then (CLONE_VFORK), as with vfork(2) in C. Nothing of Go may run
// in it: no allocation, no growing of the stack, no write barrier. So it is
// these instructions only, which perform a list of system calls prepared
// beforehand (type call) and touch no stack at all; what went wrong is written
// into the list, which we share.

#define SYS_rt_sigprocmask	14
#define SYS_clone		56
#define SYS_exit_group		231
#define SYS_clone3		435
#define SIG_SETMASK		2
#define ESRCH			3

// func vforkStage(calls *call, n uintptr, clone *cloneArgs, clone3 uintptr, all *uint64, old *uint64) (pid, errno, failed uintptr)
//
// All signals are blocked around the fork: a handler of the Go runtime must not
// run in the new process. The program sets the mask that the command gets.
TEXT ·vforkStage(SB),NOSPLIT,$0-72
	MOVQ	$0, failed+64(FP)
	MOVQ	$SIG_SETMASK, DI
	MOVQ	all+32(FP), SI
	MOVQ	old+40(FP), DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	SYSCALL

	MOVQ	calls+0(FP), R12
	MOVQ	n+8(FP), R13
	MOVQ	clone+16(FP), DI
	CMPQ	clone3+24(FP), $0
	JEQ	plain
	MOVQ	$cloneArgs__size, SI
	MOVQ	$SYS_clone3, AX
	SYSCALL
	JMP	forked
plain:
	MOVQ	cloneArgs_flags(DI), AX
	ORQ	cloneArgs_exitSignal(DI), AX
	MOVQ	AX, DI
	XORQ	SI, SI
	XORQ	DX, DX
	XORQ	R10, R10
	XORQ	R8, R8
	MOVQ	$SYS_clone, AX
	SYSCALL
forked:
	TESTQ	AX, AX
	JEQ	stage
	// The parent, after the child's exec or exit.
	MOVQ	AX, BX
	MOVQ	$SIG_SETMASK, DI
	MOVQ	old+40(FP), SI
	XORQ	DX, DX
	MOVQ	$8, R10
	MOVQ	$SYS_rt_sigprocmask, AX
	SYSCALL
	CMPQ	BX, $0xfffffffffffff001
	JLS	started
	NEGQ	BX
	MOVQ	$0, pid+48(FP)
	MOVQ	BX, errno+56(FP)
	RET
started:
	MOVQ	BX, pid+48(FP)
	MOVQ	$0, errno+56(FP)
	RET

stage:
	CALL	perform<>(SB)
	MOVQ	$1, failed+64(FP)	// our memory: the parent reads it
	MOVQ	$127, DI
	MOVQ	$SYS_exit_group, AX
	SYSCALL
	INT	$3

// func stageHere(calls *call, n uintptr)
//
// Performs the program in this process. It returns only if no exec succeeded.
TEXT ·stageHere(SB),NOSPLIT,$0-16
	MOVQ	calls+0(FP), R12
	MOVQ	n+8(FP), R13
	CALL	perform<>(SB)
	RET

// Performs the calls from R12, R13 in number; returns when one failed or none is
// left. BX holds the result of the last call, R12 and R13 survive SYSCALL.
TEXT perform<>(SB),NOSPLIT|NOFRAME,$0
	XORQ	BX, BX
	XORQ	R9, R9			// errno of the call before
next:
	TESTQ	R13, R13
	JEQ	done
	MOVQ	call_onlyAfter(R12), AX
	TESTQ	AX, AX
	JEQ	wanted
	CMPQ	AX, R9
	JNE	skip
wanted:
	MOVQ	call_flags(R12), AX
	TESTQ	$const_flagDecimal, AX
	JNE	decimal
	MOVQ	call_args+0(R12), DI
	TESTQ	$const_flagLast, AX
	JEQ	fresh
	MOVQ	BX, DI
fresh:
	MOVQ	call_args+8(R12), SI
	MOVQ	call_args+16(R12), DX
	MOVQ	call_args+24(R12), R10
	MOVQ	call_args+32(R12), R8
	MOVQ	call_args+40(R12), R9
	MOVQ	call_nr(R12), AX
	SYSCALL
	CMPQ	AX, $0xfffffffffffff001
	JLS	succeeded
	NEGQ	AX
	MOVQ	AX, R9
	MOVQ	AX, call_errno(R12)
	CMPQ	AX, $64
	JCC	done
	MOVQ	call_tolerate(R12), DX
	BTQ	AX, DX
	JCS	advance
	RET
succeeded:
	MOVQ	AX, BX
	MOVQ	call_flags(R12), DX
	TESTQ	$const_flagCheck, DX
	JEQ	skip
	CMPQ	AX, call_want(R12)
	JEQ	skip
	MOVQ	$ESRCH, call_errno(R12)
	RET
skip:
	XORQ	R9, R9
advance:
	ADDQ	$call__size, R12
	DECQ	R13
	JMP	next
done:
	RET

	// BX in decimal to args[0]: first count the digits, then write them from
	// the last to the first behind which the zero byte stands.
decimal:
	MOVQ	call_args+0(R12), DI
	MOVQ	BX, AX
	MOVQ	$10, R8
count:
	INCQ	DI
	XORQ	DX, DX
	DIVQ	R8
	TESTQ	AX, AX
	JNE	count
	MOVB	$0, (DI)
	MOVQ	BX, AX
digit:
	DECQ	DI
	XORQ	DX, DX
	DIVQ	R8
	ADDQ	$48, DX
	MOVB	DX, (DI)
	TESTQ	AX, AX
	JNE	digit
	JMP	skip
