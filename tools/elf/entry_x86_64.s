# Runs in place of Deno's entry point, after the dynamic linker and before any code of Deno: hands the script over as a
# sealed file in memory, and makes the process look as if it had been started by
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
.set SYS_dup3, 292
.set SYS_memfd_create, 319
.set MFD_CLOEXEC_ALLOW_SEALING, 0x3
.set MFD_NOEXEC_SEAL, 0x8         # Linux 6.3; some hosts refuse files in memory without it
.set O_CLOEXEC, 0x80000
.set F_ADD_SEALS, 1033
.set ALL_SEALS, 0xf               # seal, shrink, grow, write

.set DENO, 0x4f4e4544             # four letters as a number
.set NODE, 0x45444f4e
.set OTEL, 0x4c45544f

# rsp: argc, argv, 0, environment, 0, auxiliary vector. rdx: what Deno's entry point gives to atexit.
start:
    lea   rbx, start[rip]
    mov   r12, rsp
    mov   r13, rdx

# The script, as file descriptor 99
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

# A stack like the one that came, below it
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

# argv: the baked-in ones, then the user's without the program's name
    lea   rsi, tail_strings[rip]
    call  append_strings
    mov   r14, rsi
    lea   rsi, [r12 + 16]
4:  lodsq
    stosq
    test  rax, rax
    jnz   4b
    lea   rcx, [rdi - 16]         # the end without its 0, and without argc
    sub   rcx, rsp
    shr   rcx, 3
    mov   [rsp], rcx

# The environment: the baked-in one, then what came, less DENO_…, NODE_… and OTEL_DENO…, which steer Deno
    mov   r15, rdi
    xchg  rsi, r14
    call  append_strings
    mov   rsi, r14
5:  lodsq
    test  rax, rax
    jz    7f
    cmp   byte ptr [rax + 4], '_'
    jne   6f
    cmp   dword ptr [rax], DENO
    je    5b
    cmp   dword ptr [rax], NODE
    je    5b
    cmp   dword ptr [rax], OTEL
    jne   6f
    cmp   dword ptr [rax + 5], DENO
    je    5b
6:  stosq
    jmp   5b
7:  stosq

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

    mov   rdx, r13
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
    mov   edi, 2
    lea   rsi, message[rip]
    mov   edx, OFFSET message_length
    mov   eax, SYS_write
    syscall
    mov   edi, 1
    mov   eax, SYS_exit_group
    syscall

name:
    .asciz "halyard.js"
message:
    .ascii "Cannot start: this host refuses a file in memory\n"
    .ascii "hint: allow the system call memfd_create and at least 100 open files\n"
.set message_length, . - message

# What inject.ts appends. Addresses are relative to `start`.
    .balign 8
tail:
.set tail_entry, tail             # Deno's own entry point
.set tail_environ, tail + 8       # where the address of `environ` is
.set tail_script_start, tail + 16
.set tail_script_length, tail + 24
.set tail_strings, tail + 32      # arguments, an empty string, environment, an empty string
