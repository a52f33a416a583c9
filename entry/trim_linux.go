package entry

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// programHeader is Elf64_Phdr (elf(5)).
type programHeader struct {
	kind, flags                                 uint32
	offset, vaddr, paddr, fileSize, size, align uint64
}

const (
	ptLoad = 1
	pfW    = 2
	// Of getauxval(3).
	atPHDR, atPHNUM = 3, 5
)

// Trim lets go of the pages of our own program file that are mapped in, most of
// which only the start needed: reading flags takes more code than waiting for a
// child. The kernel has them in its cache and maps again, in microseconds, those
// that are needed again. It is worth some 2 MB of resident memory for each
// supervisor of a machine, and nobody waits for it: the child runs already.
// Where anything looks unusual it does nothing.
func Trim() {
	auxv, err := unix.Auxv()
	if err != nil {
		return
	}
	var headers, n uintptr
	for _, entry := range auxv {
		switch entry[0] {
		case atPHDR:
			headers = entry[1]
		case atPHNUM:
			n = entry[1]
		}
	}
	if headers == 0 {
		return
	}
	segments := unsafe.Slice((*programHeader)(address(headers)), n)
	for _, s := range segments {
		// The headers are at the start of the first segment; if not, the program
		// was moved (position-independent) and the addresses are not true.
		if s.kind == ptLoad && s.offset == 0 && (headers < uintptr(s.vaddr) || headers >= uintptr(s.vaddr+s.size)) {
			return
		}
	}
	page := uintptr(unix.Getpagesize())
	for _, s := range segments {
		// What is not written to is as the file has it.
		if s.kind == ptLoad && s.flags&pfW == 0 {
			start := uintptr(s.vaddr) &^ (page - 1)
			_ = unix.Madvise(unsafe.Slice((*byte)(address(start)), uintptr(s.vaddr+s.size)-start), unix.MADV_DONTNEED)
		}
	}
}

// address is p as a pointer; what it points to is not on the heap of Go.
func address(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
