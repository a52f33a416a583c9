#include "go_asm.h"
#include "textflag.h"

// See stage_linux_amd64.s, which explains; this is the same for arm64.

#define SYS_exit_group		94
#define SYS_rt_sigprocmask	135
#define SYS_clone		220
#define SYS_clone3		435
#define SIG_SETMASK		2
#define ESRCH			3

// func vforkStage(calls *call, n uintptr, clone *cloneArgs, clone3 uintptr, all *uint64, old *uint64) (pid, errno, failed uintptr)
TEXT ·vforkStage(SB),NOSPLIT,$0-72
	MOVD	ZR, failed+64(FP)
	MOVD	$SIG_SETMASK, R0
	MOVD	all+32(FP), R1
	MOVD	old+40(FP), R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigprocmask, R8
	SVC

	MOVD	calls+0(FP), R9
	MOVD	n+8(FP), R10
	MOVD	clone+16(FP), R0
	MOVD	clone3+24(FP), R1
	CBZ	R1, plain
	MOVD	$cloneArgs__size, R1
	MOVD	$SYS_clone3, R8
	SVC
	B	forked
plain:
	MOVD	cloneArgs_flags(R0), R1
	MOVD	cloneArgs_exitSignal(R0), R2
	ORR	R2, R1, R0
	MOVD	$0, R1
	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$0, R4
	MOVD	$SYS_clone, R8
	SVC
forked:
	CBZ	R0, stage
	MOVD	R0, R11
	MOVD	$SIG_SETMASK, R0
	MOVD	old+40(FP), R1
	MOVD	$0, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigprocmask, R8
	SVC
	CMN	$4095, R11
	BCC	started
	NEG	R11, R11
	MOVD	ZR, pid+48(FP)
	MOVD	R11, errno+56(FP)
	RET
started:
	MOVD	R11, pid+48(FP)
	MOVD	ZR, errno+56(FP)
	RET

stage:
	// The link register, which CALL changes, is not needed any more: the new
	// process never returns from here.
	BL	perform<>(SB)
	MOVD	$1, R0
	MOVD	R0, failed+64(FP)	// our memory: the parent reads it
	MOVD	$127, R0
	MOVD	$SYS_exit_group, R8
	SVC
	BRK

// func stageHere(calls *call, n uintptr)
TEXT ·stageHere(SB),NOSPLIT,$16-16
	MOVD	calls+0(FP), R9
	MOVD	n+8(FP), R10
	BL	perform<>(SB)
	RET

// Performs the calls from R9, R10 in number. R11 holds the result of the last
// call, R12 its errno; SVC changes R0 only.
TEXT perform<>(SB),NOSPLIT|NOFRAME,$0
	MOVD	ZR, R11
	MOVD	ZR, R12
next:
	CBZ	R10, done
	MOVD	call_onlyAfter(R9), R6
	CBZ	R6, wanted
	CMP	R6, R12
	BNE	skip
wanted:
	MOVD	call_flags(R9), R6
	TBNZ	$2, R6, decimal
	MOVD	call_args+0(R9), R0
	TBZ	$0, R6, fresh
	MOVD	R11, R0
fresh:
	MOVD	call_args+8(R9), R1
	MOVD	call_args+16(R9), R2
	MOVD	call_args+24(R9), R3
	MOVD	call_args+32(R9), R4
	MOVD	call_args+40(R9), R5
	MOVD	call_nr(R9), R8
	SVC
	CMN	$4095, R0
	BCC	succeeded
	NEG	R0, R12
	MOVD	R12, call_errno(R9)
	CMP	$64, R12
	BCS	done
	MOVD	call_tolerate(R9), R6
	LSR	R12, R6, R6
	TBNZ	$0, R6, advance
	RET
succeeded:
	MOVD	R0, R11
	MOVD	call_flags(R9), R6
	TBZ	$1, R6, skip
	MOVD	call_want(R9), R6
	CMP	R6, R0
	BEQ	skip
	MOVD	$ESRCH, R6
	MOVD	R6, call_errno(R9)
	RET
skip:
	MOVD	ZR, R12
advance:
	ADD	$call__size, R9
	SUB	$1, R10
	B	next
done:
	RET

decimal:
	MOVD	call_args+0(R9), R0
	MOVD	R11, R1
	MOVD	$10, R2
count:
	ADD	$1, R0
	UDIV	R2, R1, R1
	CBNZ	R1, count
	MOVB	ZR, (R0)
	MOVD	R11, R1
digit:
	SUB	$1, R0
	UDIV	R2, R1, R3
	MSUB	R2, R1, R3, R4	// R4 = R1 - R3*R2
	ADD	$48, R4
	MOVB	R4, (R0)
	MOVD	R3, R1
	CBNZ	R1, digit
	B	skip
