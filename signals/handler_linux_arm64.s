#include "go_asm.h"
#include "textflag.h"

#define SYS_write		64
#define SYS_rt_sigreturn	139

// See handler_linux_amd64.s, which explains; this is the same for arm64.
// Called by the kernel: R0 the signal, R1 the siginfo_t.
TEXT handler<>(SB),NOSPLIT|NOFRAME,$0
	SUB	$48, RSP
	MOVD	R0, R9
	MOVW	R0, 0(RSP)
	MOVWU	8(R1), R2
	MOVW	R2, 4(RSP)
	MOVD	16(R1), R2
	MOVD	R2, 8(RSP)
	MOVD	24(R1), R2
	MOVD	R2, 16(RSP)
	MOVD	$1, R10
	LSL	R9, R10, R10
	MOVD	$·unread(SB), R11
	CMP	$32, R9
	BGE	record
claim:
	LDAXRW	(R11), R12
	ANDW	R10, R12, R13
	CBNZW	R13, done
	ORRW	R10, R12, R12
	STLXRW	R12, (R11), R13
	CBNZW	R13, claim
record:
	MOVW	·pipeFD(SB), R0
	MOVD	RSP, R1
	MOVD	$const_recordSize, R2
	MOVD	$SYS_write, R8
	SVC
	CMP	$const_recordSize, R0
	BEQ	done
	CMP	$32, R9
	BGE	done
release:
	LDAXRW	(R11), R12
	BICW	R10, R12, R12
	STLXRW	R12, (R11), R13
	CBNZW	R13, release
done:
	ADD	$48, RSP
	RET

TEXT restorer<>(SB),NOSPLIT|NOFRAME,$0
	MOVD	$SYS_rt_sigreturn, R8
	SVC
	BRK

// func addresses() (handler, restorer uintptr)
TEXT ·addresses(SB),NOSPLIT,$0-16
	MOVD	$handler<>(SB), R0
	MOVD	R0, handler+0(FP)
	MOVD	$restorer<>(SB), R0
	MOVD	R0, restorer+8(FP)
	RET
