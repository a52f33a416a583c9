#include "go_asm.h"
#include "textflag.h"

#define SYS_write		1
#define SYS_rt_sigreturn	15

// The signal handler: a record of 24 bytes into the pipe, and back. It runs on
// whatever thread the kernel chose, on the signal stack that the Go runtime gave
// it; it is no Go and knows nothing of Go. rt_sigreturn(2) restores all
// registers, so that it may use any.
//
// Called by the kernel: DI the signal, SI the siginfo_t: si_code at 8, si_pid at
// 16, si_uid at 20, si_value at 24 (sigaction(2)).
TEXT handler<>(SB),NOSPLIT|NOFRAME,$0
	SUBQ	$40, SP
	MOVL	DI, R12
	MOVL	DI, 0(SP)
	MOVL	8(SI), AX
	MOVL	AX, 4(SP)
	MOVQ	16(SI), AX
	MOVQ	AX, 8(SP)
	MOVQ	24(SI), AX
	MOVQ	AX, 16(SP)
	// Of a standard signal one is enough until it is read, as in the kernel.
	CMPL	R12, $32
	JGE	record
	LOCK
	BTSL	R12, ·unread(SB)
	JCS	done
record:
	MOVL	·pipeFD(SB), DI
	MOVQ	SP, SI
	MOVQ	$const_recordSize, DX
	MOVQ	$SYS_write, AX
	SYSCALL
	CMPQ	AX, $const_recordSize
	JEQ	done
	// The pipe is full: the next one of this kind may try again.
	CMPL	R12, $32
	JGE	done
	LOCK
	BTRL	R12, ·unread(SB)
done:
	ADDQ	$40, SP
	RET

TEXT restorer<>(SB),NOSPLIT|NOFRAME,$0
	MOVQ	$SYS_rt_sigreturn, AX
	SYSCALL
	INT	$3

// func addresses() (handler, restorer uintptr)
TEXT ·addresses(SB),NOSPLIT,$0-16
	LEAQ	handler<>(SB), AX
	MOVQ	AX, handler+0(FP)
	LEAQ	restorer<>(SB), AX
	MOVQ	AX, restorer+8(FP)
	RET
