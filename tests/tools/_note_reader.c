/*
 * Finds what `deno compile` has added the way its runtime base does, as a note among the loaded segments, and prints
 * whether it has, its arguments and its environment.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
extern char **environ;
static int find(struct dl_phdr_info *info, size_t size, void *data) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_NOTE) continue;
    char *at = (char *) info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, *end = at + info->dlpi_phdr[i].p_memsz;
    while (at < end) {
      ElfW(Nhdr) *note = (ElfW(Nhdr) *) at;
      char *content = at + sizeof *note + ((note->n_namesz + 3) & ~3);
      if (!strncmp(at + sizeof *note, "SUI", 4)) {
        printf("%s\n", memmem(content, note->n_descsz, "allow_read", 10) ? "found" : "other");
      }
      at = content + ((note->n_descsz + 3) & ~3);
    }
  }
  return 1;
}
int main(int argc, char **argv) {
  dl_iterate_phdr(find, 0);
  for (int i = 1; i < argc; i++) printf("%s\n", argv[i]);
  for (char **one = environ; *one; one++) printf("%s\n", *one);
}
