import { ArchiveError } from "./archive_error.ts";
import { quote } from "./_names.ts";

/** Records that would change which bytes belong to which name. Times, owners, extended attributes do not matter. */
const OVERRIDES = /^(path|linkpath|size|GNU\.sparse\..*)$/;

/**
 * Checks the records of a PAX header: none may override the entry's own header.
 *
 * @param records The header's content: records of the form `<length> <key>=<value>\n` (POSIX pax, extended header).
 * @throws {ArchiveError} When a record overrides path, link or size, or the records are malformed.
 */
export function checkPax(records: Uint8Array): void {
  const text = new TextDecoder("latin1").decode(records);
  let offset = 0;
  while (offset < text.length) {
    const match = /^([1-9][0-9]{0,8}) ([^=]+)=/.exec(text.slice(offset, offset + 300));
    const length = Number(match?.[1]);
    const key = match?.[2];
    const end = offset + length;
    if (key === undefined || length <= match![0].length || end > text.length || text[end - 1] !== "\n") {
      throw new ArchiveError("tar-header", "a PAX header is malformed");
    }
    if (OVERRIDES.test(key)) {
      throw new ArchiveError("pax-override", `a PAX header overrides ${quote(key)} of an entry`);
    }
    offset = end;
  }
}
