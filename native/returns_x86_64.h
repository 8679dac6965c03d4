extern int pollux_fillsReturnBuffer; /* set once, by pollux_timeReturns */

/* For eight returns. The 128 bytes below the stack pointer may be in use by the function around. */
static inline void push_returns(void) {
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "call 1f\n\tint3\n1:\tcall 2f\n\tint3\n"
                     "2:\tcall 3f\n\tint3\n3:\tcall 4f\n\tint3\n"
                     "4:\tcall 5f\n\tint3\n5:\tcall 6f\n\tint3\n"
                     "6:\tcall 7f\n\tint3\n7:\tcall 8f\n\tint3\n"
                     "8:\tlea 128+8*8(%%rsp), %%rsp"
                     :
                     :
                     : "memory");
}

/* Where it pays there is no jump on the way: that would be mispredicted too, for another 16 ns. */
static inline void fill_return_buffer(void) {
    if (__builtin_expect(pollux_fillsReturnBuffer, 1)) push_returns();
}
