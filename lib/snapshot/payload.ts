import { compress, createPause, encodeEvent, type Parts } from "../wire/mod.ts";

/** A JSON document in the encodings that clients request. Its bytes are shared: never changed, never copied. */
export interface Document {
  /** UTF-8 JSON: views of shared memory. */
  readonly parts: Parts;
  /** Weak entity tag of the content: the same for every encoding and on every replica. Without one it is always sent. */
  readonly etag?: string;
  /**
   * Returns it compressed with gzip.
   *
   * @returns The bytes, compressed once for all callers.
   */
  gzip(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A document that is also sent on streams. */
export interface Payload extends Document {
  /** See {@linkcode Document}. */
  readonly etag: string;
  /** The document in one view. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Server-sent event that brings a stream to this state: views of the same memory. */
  readonly put: Parts;
}

/** Document that is compressed on first use. */
export class LazyDocument implements Document {
  /** See {@linkcode Document}. */
  readonly parts: Parts;
  /** See {@linkcode Document}. */
  readonly etag: string;
  #gzip: Promise<Uint8Array<ArrayBuffer>> | undefined;
  #gzipLength = 0;

  /**
   * Creates a document.
   *
   * @param parts UTF-8 JSON.
   * @param etag Weak entity tag.
   * @param gzip The compressed form, where there is one.
   */
  constructor(parts: Parts, etag: string, gzip?: Uint8Array<ArrayBuffer>) {
    this.parts = parts;
    this.etag = etag;
    if (gzip) this.#keep(Promise.resolve(gzip));
  }

  /** Whether the compressed form has been requested. */
  get isCompressed(): boolean {
    return this.#gzip !== undefined;
  }

  /** Memory of the compressed form: bytes; 0 until it exists. */
  get gzipLength(): number {
    return this.#gzipLength;
  }

  /** See {@linkcode Document}. */
  gzip(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#gzip ?? this.#keep(compress(this.parts, createPause()));
  }

  /**
   * Takes over the compressed form of a document with the same content.
   *
   * @param other The document.
   */
  takeGzip(other: LazyDocument): void {
    if (other.#gzip && other.etag === this.etag) this.#keep(other.#gzip);
  }

  #keep(gzip: Promise<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
    this.#gzip = gzip;
    gzip.then(({ length }) => this.#gzipLength = length, () => this.#gzip = undefined);
    return gzip;
  }
}

/** Payload that is compressed on first use. */
export class LazyPayload extends LazyDocument implements Payload {
  /** See {@linkcode Payload}. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** See {@linkcode Payload}. */
  readonly put: Parts;

  /**
   * Creates a payload.
   *
   * @param body UTF-8 JSON.
   * @param etag Weak entity tag.
   * @param wrap Text before and after the document in a `put`.
   * @param gzip The compressed form, where there is one.
   */
  constructor(
    body: Uint8Array<ArrayBuffer>,
    etag: string,
    wrap: readonly [head: string, tail: string],
    gzip?: Uint8Array<ArrayBuffer>,
  ) {
    super([body], etag, gzip);
    this.body = body;
    const [head, tail] = wrap.map((text) => new TextEncoder().encode(text)) as [
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
    this.put = encodeEvent("put", [head, body, tail]);
  }
}
