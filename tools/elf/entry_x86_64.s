# Runs in place of an executable's own entry point, after the dynamic linker and before any code of Deno. It keeps what
# is not meant for Halyard away from Deno and, if there is a script, hands it over as a sealed file in memory and makes
# the process look as if it had been started by
#
#     …baked-in variables… halyard run …baked-in flags… /proc/self/fd/99 …the user's arguments…
#
# inject.ts puts these bytes into a segment of their own and right behind them what `tail` names. Linux x86_64, no
# library, position independent. Rebuild after a change:
#
#     as -o entry.o entry_x86_64.s && objcopy -O binary -j .text entry.o entry_x86_64.bin

.intel_syntax noprefix
.set SCRIPT_FD, 99                # "/proc/self/fd/99" in inject.ts
.set ROOM_FOR_STRINGS, 8 * 512    # MAX_STRINGS in inject.ts, and two for alignment

.set SYS_write, 1
.set SYS_close, 3
.set SYS_exit_group, 231
.set SYS_fcntl, 72
.set SYS_getcwd, 79
.set SYS_chdir, 80
.set SYS_dup3, 292
.set SYS_memfd_create, 319
.set MFD_CLOEXEC_ALLOW_SEALING, 0x3
.set MFD_NOEXEC_SEAL, 0x8         # Linux 6.3; some hosts refuse files in memory without it
.set O_CLOEXEC, 0x80000
.set F_ADD_SEALS, 1033
.set ALL_SEALS, 0xf               # seal, shrink, grow, write

.set M_MMAP_THRESHOLD, -3
.set LARGE_BLOCK, 262144          # bytes
.set M_ARENA_MAX, -8
.set ARENAS, 2

.set ENOENT, 2
.set PATH_MAX, 4096               # what getcwd gives at most, in bytes

# rsp: argc, argv, 0, environment, 0, auxiliary vector. rdx: what Deno's entry point gives to atexit.
start:
    lea   rbx, start[rip]
    mov   r12, rsp
    mov   r13, rdx

# The script, as file descriptor 99
    cmp   qword ptr tail_script_length[rip], 0
    je    working_directory
    mov   esi, MFD_CLOEXEC_ALLOW_SEALING | MFD_NOEXEC_SEAL
    call  create_file
    jns   1f
    mov   esi, MFD_CLOEXEC_ALLOW_SEALING
    call  create_file
    js    refused
1:  mov   r14d, eax
    mov   edi, eax
    mov   esi, SCRIPT_FD
    mov   edx, O_CLOEXEC
    mov   eax, SYS_dup3
    syscall
    test  eax, eax
    js    refused
    mov   edi, r14d
    mov   eax, SYS_close
    syscall
    mov   edi, SCRIPT_FD
    mov   r14, tail_script_start[rip]
    add   r14, rbx
    mov   r15, tail_script_length[rip]
2:  mov   rsi, r14
    mov   rdx, r15
    mov   eax, SYS_write
    syscall
    test  rax, rax
    jle   refused
    add   r14, rax
    sub   r15, rax
    jnz   2b
    mov   esi, F_ADD_SEALS
    mov   edx, ALL_SEALS
    mov   eax, SYS_fcntl
    syscall

# Deno does not start in a directory that is gone, or that lies outside of what the process sees as root
working_directory:
    sub   rsp, PATH_MAX
    mov   rdi, rsp
    mov   esi, PATH_MAX
    mov   eax, SYS_getcwd
    syscall
    cmp   rax, -ENOENT
    je    3f
    test  rax, rax
    js    stack                   # its path is too long, say: Deno's own affair
    cmp   byte ptr [rsp], '/'     # else "(unreachable)/…"
    je    stack
3:  lea   rdi, root[rip]
    mov   eax, SYS_chdir
    syscall
    lea   rsi, moved[rip]
    mov   edx, OFFSET moved_length
    call  print

# A stack like the one that came, below it
stack:
    lea   rsi, [r12 + 8]
    call  skip                    # argv
    call  skip                    # environment
3:  lodsq                         # auxiliary vector: pairs, the last one of type 0
    add   rsi, 8
    test  rax, rax
    jnz   3b
    sub   rsi, r12
    lea   rsp, [r12 - ROOM_FOR_STRINGS]
    sub   rsp, rsi
    and   rsp, -16
    lea   rdi, [rsp + 8]

# argv: the baked-in ones, then the user's; the baked-in ones have the program's name in place of the user's
    lea   rsi, tail_strings[rip]
    call  append_strings
    mov   r14, rsi
    lea   rsi, [r12 + 8]
    cmp   byte ptr tail_strings[rip], 0
    je    4f
    cmp   qword ptr [rsi], 0      # Linux before 5.18 starts programs without a name, too
    je    4f
    add   rsi, 8
4:  lodsq
    stosq
    test  rax, rax
    jnz   4b
    lea   rcx, [rdi - 16]         # the end without its 0, and without argc
    sub   rcx, rsp
    shr   rcx, 3
    mov   [rsp], rcx

# The environment: the baked-in one, then those of the variables that came which begin as one of the allowed beginnings
    mov   r15, rdi
    xchg  rsi, r14
    call  append_strings
    xchg  rsi, r14                # r14: the allowed beginnings
5:  lodsq
    test  rax, rax
    jz    9f
    mov   rcx, r14
6:  cmp   byte ptr [rcx], 0
    je    5b                      # it begins as none of them
    mov   rdx, rax
7:  mov   r8b, [rcx]
    inc   rcx
    test  r8b, r8b
    jz    8f
    cmp   r8b, [rdx]
    lea   rdx, [rdx + 1]
    je    7b
1:  cmp   byte ptr [rcx], 0       # the next beginning
    lea   rcx, [rcx + 1]
    jne   1b
    jmp   6b
8:  stosq
    jmp   5b
9:  stosq

# The auxiliary vector
8:  lodsq
    stosq
    test  rax, rax
    movsq
    jnz   8b

# libc took the environment before we came; `environ` is its variable
    mov   rax, tail_environ[rip]
    mov   rax, [rbx + rax]
    mov   [rax], r15

# mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK): once glibc has freed a block of 20 MB, it keeps all up to that size for itself; a
# program that loads such blocks again and again then needs twice the memory. mallopt(M_ARENA_MAX, ARENAS): each thread
# would keep a heap of its own. Another libc has no mallopt, or ignores it.
    mov   rax, tail_dlsym[rip]
    test  rax, rax
    jz    1f
    xor   edi, edi                # RTLD_DEFAULT
    lea   rsi, mallopt[rip]
    call  [rbx + rax]
    test  rax, rax
    jz    1f
    mov   r14, rax
    mov   edi, M_MMAP_THRESHOLD
    mov   esi, LARGE_BLOCK
    call  r14
    mov   edi, M_ARENA_MAX
    mov   esi, ARENAS
    call  r14

1:  mov   rdx, r13
    add   rbx, tail_entry[rip]
    jmp   rbx

# esi: flags. Gives eax and its sign.
create_file:
    lea   rdi, name[rip]
    mov   eax, SYS_memfd_create
    syscall
    test  eax, eax
    ret

# Moves rsi behind the next 0.
skip:
    lodsq
    test  rax, rax
    jnz   skip
    ret

# Appends to rdi the addresses of the strings at rsi, up to an empty one; moves rsi behind it.
append_strings:
    cmp   byte ptr [rsi], 0
    je    2f
    mov   rax, rsi
    stosq
1:  lodsb
    test  al, al
    jnz   1b
    jmp   append_strings
2:  inc   rsi
    ret

refused:
    lea   rsi, message[rip]
    mov   edx, OFFSET message_length
    call  print
    mov   edi, 1
    mov   eax, SYS_exit_group
    syscall

# Writes edx bytes at rsi to standard error.
print:
    mov   edi, 2
    mov   eax, SYS_write
    syscall
    ret

name:
    .asciz "halyard.js"
message:
    .ascii "Cannot start: this host refuses a file in memory\n"
    .ascii "hint: allow the system call memfd_create and at least 100 open files\n"
.set message_length, . - message
mallopt:
    .asciz "mallopt"
root:
    .asciz "/"
moved:
    .ascii "Warning: the working directory does not exist any more; relative paths start at \"/\" now\n"
.set moved_length, . - moved

# What inject.ts appends. Addresses are relative to `start`.
    .balign 8
tail:
.set tail_entry, tail             # the executable's own entry point
.set tail_environ, tail + 8       # where the address of `environ` is
.set tail_script_start, tail + 16
.set tail_script_length, tail + 24      # 0: there is none
.set tail_dlsym, tail + 32        # where the address of dlsym is; 0: nowhere
.set tail_strings, tail + 40      # arguments, variables, allowed beginnings of others: an empty string after each
