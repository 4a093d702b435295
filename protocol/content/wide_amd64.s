#include "textflag.h"

// BLAKE3 for sixteen inputs at once, with AVX-512: lane i of each register belongs to input i. The compression function's
// state v0 to v15 is in Z0 to Z15, the message's words m0 to m15 are in Z16 to Z31. Names are those of the BLAKE3 paper,
// section 2.2.

DATA iv<>+0(SB)/4, $0x6a09e667
DATA iv<>+4(SB)/4, $0xbb67ae85
DATA iv<>+8(SB)/4, $0x3c6ef372
DATA iv<>+12(SB)/4, $0xa54ff53a
DATA iv<>+16(SB)/4, $0x510e527f
DATA iv<>+20(SB)/4, $0x9b05688c
DATA iv<>+24(SB)/4, $0x1f83d9ab
DATA iv<>+28(SB)/4, $0x5be0cd19
GLOBL iv<>(SB), RODATA|NOPTR, $32

// the flags of a chunk's blocks: CHUNK_START, of the last CHUNK_END
DATA flags<>+0(SB)/4, $1
DATA flags<>+4(SB)/4, $0
DATA flags<>+8(SB)/4, $0
DATA flags<>+12(SB)/4, $0
DATA flags<>+16(SB)/4, $0
DATA flags<>+20(SB)/4, $0
DATA flags<>+24(SB)/4, $0
DATA flags<>+28(SB)/4, $0
DATA flags<>+32(SB)/4, $0
DATA flags<>+36(SB)/4, $0
DATA flags<>+40(SB)/4, $0
DATA flags<>+44(SB)/4, $0
DATA flags<>+48(SB)/4, $0
DATA flags<>+52(SB)/4, $0
DATA flags<>+56(SB)/4, $0
DATA flags<>+60(SB)/4, $2
GLOBL flags<>(SB), RODATA|NOPTR, $64

// the lanes' numbers
DATA lane<>+0(SB)/4, $0
DATA lane<>+4(SB)/4, $1
DATA lane<>+8(SB)/4, $2
DATA lane<>+12(SB)/4, $3
DATA lane<>+16(SB)/4, $4
DATA lane<>+20(SB)/4, $5
DATA lane<>+24(SB)/4, $6
DATA lane<>+28(SB)/4, $7
DATA lane<>+32(SB)/4, $8
DATA lane<>+36(SB)/4, $9
DATA lane<>+40(SB)/4, $10
DATA lane<>+44(SB)/4, $11
DATA lane<>+48(SB)/4, $12
DATA lane<>+52(SB)/4, $13
DATA lane<>+56(SB)/4, $14
DATA lane<>+60(SB)/4, $15
GLOBL lane<>(SB), RODATA|NOPTR, $64

// of two registers, the lanes of left children, then those of right ones
DATA left<>+0(SB)/4, $0
DATA left<>+4(SB)/4, $2
DATA left<>+8(SB)/4, $4
DATA left<>+12(SB)/4, $6
DATA left<>+16(SB)/4, $8
DATA left<>+20(SB)/4, $10
DATA left<>+24(SB)/4, $12
DATA left<>+28(SB)/4, $14
DATA left<>+32(SB)/4, $16
DATA left<>+36(SB)/4, $18
DATA left<>+40(SB)/4, $20
DATA left<>+44(SB)/4, $22
DATA left<>+48(SB)/4, $24
DATA left<>+52(SB)/4, $26
DATA left<>+56(SB)/4, $28
DATA left<>+60(SB)/4, $30
GLOBL left<>(SB), RODATA|NOPTR, $64
DATA right<>+0(SB)/4, $1
DATA right<>+4(SB)/4, $3
DATA right<>+8(SB)/4, $5
DATA right<>+12(SB)/4, $7
DATA right<>+16(SB)/4, $9
DATA right<>+20(SB)/4, $11
DATA right<>+24(SB)/4, $13
DATA right<>+28(SB)/4, $15
DATA right<>+32(SB)/4, $17
DATA right<>+36(SB)/4, $19
DATA right<>+40(SB)/4, $21
DATA right<>+44(SB)/4, $23
DATA right<>+48(SB)/4, $25
DATA right<>+52(SB)/4, $27
DATA right<>+56(SB)/4, $29
DATA right<>+60(SB)/4, $31
GLOBL right<>(SB), RODATA|NOPTR, $64

// HALF is half of the quarter-round function G, for four columns or diagonals side by side.
#define HALF(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, x0, x1, x2, x3, first, second) \
	VPADDD b0, a0, a0; VPADDD b1, a1, a1; VPADDD b2, a2, a2; VPADDD b3, a3, a3; \
	VPADDD x0, a0, a0; VPADDD x1, a1, a1; VPADDD x2, a2, a2; VPADDD x3, a3, a3; \
	VPXORD a0, d0, d0; VPXORD a1, d1, d1; VPXORD a2, d2, d2; VPXORD a3, d3, d3; \
	VPRORD $first, d0, d0; VPRORD $first, d1, d1; VPRORD $first, d2, d2; VPRORD $first, d3, d3; \
	VPADDD d0, c0, c0; VPADDD d1, c1, c1; VPADDD d2, c2, c2; VPADDD d3, c3, c3; \
	VPXORD c0, b0, b0; VPXORD c1, b1, b1; VPXORD c2, b2, b2; VPXORD c3, b3, b3; \
	VPRORD $second, b0, b0; VPRORD $second, b1, b1; VPRORD $second, b2, b2; VPRORD $second, b3, b3

#define ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15) \
	HALF(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, m0, m2, m4, m6, 16, 12); \
	HALF(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, m1, m3, m5, m7, 8, 7); \
	HALF(Z0, Z1, Z2, Z3, Z5, Z6, Z7, Z4, Z10, Z11, Z8, Z9, Z15, Z12, Z13, Z14, m8, m10, m12, m14, 16, 12); \
	HALF(Z0, Z1, Z2, Z3, Z5, Z6, Z7, Z4, Z10, Z11, Z8, Z9, Z15, Z12, Z13, Z14, m9, m11, m13, m15, 8, 7)

// COMPRESS is seven rounds, between which the message is permuted, and the end: v0 to v7 are the new chaining value.
#define COMPRESS \
	ROUND(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31); \
	ROUND(Z18, Z22, Z19, Z26, Z23, Z16, Z20, Z29, Z17, Z27, Z28, Z21, Z25, Z30, Z31, Z24); \
	ROUND(Z19, Z20, Z26, Z28, Z29, Z18, Z23, Z30, Z22, Z21, Z25, Z16, Z27, Z31, Z24, Z17); \
	ROUND(Z26, Z23, Z28, Z25, Z30, Z19, Z29, Z31, Z20, Z16, Z27, Z18, Z21, Z24, Z17, Z22); \
	ROUND(Z28, Z29, Z25, Z27, Z31, Z26, Z30, Z24, Z23, Z18, Z21, Z19, Z16, Z17, Z22, Z20); \
	ROUND(Z25, Z30, Z27, Z21, Z24, Z28, Z31, Z17, Z29, Z19, Z16, Z26, Z18, Z22, Z20, Z23); \
	ROUND(Z27, Z31, Z21, Z16, Z17, Z25, Z24, Z22, Z30, Z26, Z18, Z28, Z19, Z20, Z23, Z29); \
	VPXORD Z8, Z0, Z0; VPXORD Z9, Z1, Z1; VPXORD Z10, Z2, Z2; VPXORD Z11, Z3, Z3; \
	VPXORD Z12, Z4, Z4; VPXORD Z13, Z5, Z5; VPXORD Z14, Z6, Z6; VPXORD Z15, Z7, Z7

// UNPACK transposes the words within the quarters of four registers.
#define UNPACK(r0, r1, r2, r3) \
	VPUNPCKLDQ r1, r0, Z8; VPUNPCKHDQ r1, r0, Z9; VPUNPCKLDQ r3, r2, Z10; VPUNPCKHDQ r3, r2, Z11; \
	VPUNPCKLQDQ Z10, Z8, r0; VPUNPCKHQDQ Z10, Z8, r1; VPUNPCKLQDQ Z11, Z9, r2; VPUNPCKHQDQ Z11, Z9, r3

// QUAD loads 64 bytes of four inputs, the first of them number n, and leaves in r(j), in each quarter k, their words 4k+j.
#define QUAD(n, r0, r1, r2, r3) \
	VMOVDQU32 (1024*(n+0))(SI), r0; VMOVDQU32 (1024*(n+1))(SI), r1; \
	VMOVDQU32 (1024*(n+2))(SI), r2; VMOVDQU32 (1024*(n+3))(SI), r3; \
	UNPACK(r0, r1, r2, r3)

// QUARTERS transposes the quarters of four registers.
#define QUARTERS(r0, r1, r2, r3) \
	VSHUFI32X4 $0x44, r1, r0, Z8; VSHUFI32X4 $0x44, r3, r2, Z9; \
	VSHUFI32X4 $0xee, r1, r0, Z10; VSHUFI32X4 $0xee, r3, r2, Z11; \
	VSHUFI32X4 $0x88, Z9, Z8, r0; VSHUFI32X4 $0xdd, Z9, Z8, r1; \
	VSHUFI32X4 $0x88, Z11, Z10, r2; VSHUFI32X4 $0xdd, Z11, Z10, r3

// TRANSPOSED ends the transposition of all sixteen.
#define TRANSPOSED \
	QUARTERS(Z16, Z20, Z24, Z28); QUARTERS(Z17, Z21, Z25, Z29); \
	QUARTERS(Z18, Z22, Z26, Z30); QUARTERS(Z19, Z23, Z27, Z31)

// START sets v0 to v7 to the IV, HALFWAY v8 to v11; and v14 to a full block.
#define START \
	VPBROADCASTD iv<>+0(SB), Z0; VPBROADCASTD iv<>+4(SB), Z1; VPBROADCASTD iv<>+8(SB), Z2; VPBROADCASTD iv<>+12(SB), Z3; \
	VPBROADCASTD iv<>+16(SB), Z4; VPBROADCASTD iv<>+20(SB), Z5; VPBROADCASTD iv<>+24(SB), Z6; VPBROADCASTD iv<>+28(SB), Z7

#define HALFWAY \
	VPBROADCASTD iv<>+0(SB), Z8; VPBROADCASTD iv<>+4(SB), Z9; VPBROADCASTD iv<>+8(SB), Z10; VPBROADCASTD iv<>+12(SB), Z11; \
	MOVL $64, AX; VPBROADCASTD AX, Z14

// STORE writes v0 to v7.
#define STORE \
	VMOVDQU32 Z0, (DI); VMOVDQU32 Z1, 64(DI); VMOVDQU32 Z2, 128(DI); VMOVDQU32 Z3, 192(DI); \
	VMOVDQU32 Z4, 256(DI); VMOVDQU32 Z5, 320(DI); VMOVDQU32 Z6, 384(DI); VMOVDQU32 Z7, 448(DI); \
	VZEROUPPER

// func chunks16(values *values16, chunks *[16*1024]byte, counter uint64)
TEXT ·chunks16(SB), NOSPLIT, $0-24
	MOVQ values+0(FP), DI
	MOVQ chunks+8(FP), SI
	MOVQ counter+16(FP), R9
	MOVQ R9, R10
	SHRQ $32, R10
	LEAQ flags<>(SB), R8
	XORQ CX, CX
	START

block:
	QUAD(0, Z16, Z17, Z18, Z19)
	QUAD(4, Z20, Z21, Z22, Z23)
	QUAD(8, Z24, Z25, Z26, Z27)
	QUAD(12, Z28, Z29, Z30, Z31)
	TRANSPOSED
	HALFWAY
	VPBROADCASTD R9, Z12
	VPADDD lane<>(SB), Z12, Z12
	VPBROADCASTD R10, Z13
	VPBROADCASTD (R8)(CX*4), Z15
	COMPRESS
	ADDQ $64, SI
	INCQ CX
	CMPQ CX, $16
	JNE  block
	STORE
	RET

// func parents16(values *values16, children *[2]values16)
TEXT ·parents16(SB), NOSPLIT, $0-16
	MOVQ values+0(FP), DI
	MOVQ children+8(FP), SI
	VMOVDQU32 left<>(SB), Z14
	VMOVDQU32 right<>(SB), Z15
	VMOVDQU32 0(SI), Z16
	VMOVDQA32 Z16, Z24
	VMOVDQU32 512(SI), Z0
	VPERMT2D Z0, Z14, Z16
	VPERMT2D Z0, Z15, Z24
	VMOVDQU32 64(SI), Z17
	VMOVDQA32 Z17, Z25
	VMOVDQU32 576(SI), Z1
	VPERMT2D Z1, Z14, Z17
	VPERMT2D Z1, Z15, Z25
	VMOVDQU32 128(SI), Z18
	VMOVDQA32 Z18, Z26
	VMOVDQU32 640(SI), Z2
	VPERMT2D Z2, Z14, Z18
	VPERMT2D Z2, Z15, Z26
	VMOVDQU32 192(SI), Z19
	VMOVDQA32 Z19, Z27
	VMOVDQU32 704(SI), Z3
	VPERMT2D Z3, Z14, Z19
	VPERMT2D Z3, Z15, Z27
	VMOVDQU32 256(SI), Z20
	VMOVDQA32 Z20, Z28
	VMOVDQU32 768(SI), Z4
	VPERMT2D Z4, Z14, Z20
	VPERMT2D Z4, Z15, Z28
	VMOVDQU32 320(SI), Z21
	VMOVDQA32 Z21, Z29
	VMOVDQU32 832(SI), Z5
	VPERMT2D Z5, Z14, Z21
	VPERMT2D Z5, Z15, Z29
	VMOVDQU32 384(SI), Z22
	VMOVDQA32 Z22, Z30
	VMOVDQU32 896(SI), Z6
	VPERMT2D Z6, Z14, Z22
	VPERMT2D Z6, Z15, Z30
	VMOVDQU32 448(SI), Z23
	VMOVDQA32 Z23, Z31
	VMOVDQU32 960(SI), Z7
	VPERMT2D Z7, Z14, Z23
	VPERMT2D Z7, Z15, Z31
	START
	HALFWAY
	VPXORD Z12, Z12, Z12
	VPXORD Z13, Z13, Z13
	MOVL $4, AX // PARENT
	VPBROADCASTD AX, Z15
	COMPRESS
	STORE
	RET

// APART is QUAD for inputs that lie apart: their addresses are in a table, and 64 bytes from CX on are loaded of each.
#define APART(n, r0, r1, r2, r3) \
	MOVQ (512+8*(n+0))(DI), AX; VMOVDQU32 (AX)(CX*1), r0; \
	MOVQ (512+8*(n+1))(DI), AX; VMOVDQU32 (AX)(CX*1), r1; \
	MOVQ (512+8*(n+2))(DI), AX; VMOVDQU32 (AX)(CX*1), r2; \
	MOVQ (512+8*(n+3))(DI), AX; VMOVDQU32 (AX)(CX*1), r3; \
	UNPACK(r0, r1, r2, r3)

// func compress16(l *lanes16, blocks int)
TEXT ·compress16(SB), NOSPLIT, $0-16
	MOVQ l+0(FP), DI
	MOVQ blocks+8(FP), R9
	XORQ CX, CX
	START

next:
	APART(0, Z16, Z17, Z18, Z19)
	APART(4, Z20, Z21, Z22, Z23)
	APART(8, Z24, Z25, Z26, Z27)
	APART(12, Z28, Z29, Z30, Z31)
	TRANSPOSED
	HALFWAY
	VMOVDQU32 704(DI), Z12 // the counters
	VPXORD Z13, Z13, Z13
	VPBROADCASTD CX, Z15
	VMOVDQU32 640(DI), Z14 // the sizes
	VPSUBD Z15, Z14, Z14
	VPBROADCASTD AX, Z15 // 64
	VPCMPD $2, Z15, Z14, K2 // the block is the input's last
	VPMINSD Z15, Z14, Z14
	VPXORD Z15, Z15, Z15
	VPCMPD $6, Z15, Z14, K1 // the block is one of the input
	TESTQ CX, CX
	JNE   further
	VMOVDQU32 768(DI), Z15 // the flags of first blocks

further:
	VPORD 832(DI), Z15, K2, Z15 // the flags of last blocks
	COMPRESS
	VMOVDQU32 Z0, K1, 0(DI)
	VMOVDQU32 Z1, K1, 64(DI)
	VMOVDQU32 Z2, K1, 128(DI)
	VMOVDQU32 Z3, K1, 192(DI)
	VMOVDQU32 Z4, K1, 256(DI)
	VMOVDQU32 Z5, K1, 320(DI)
	VMOVDQU32 Z6, K1, 384(DI)
	VMOVDQU32 Z7, K1, 448(DI)
	ADDQ $64, CX
	DECQ R9
	JNE  next
	VZEROUPPER
	RET
