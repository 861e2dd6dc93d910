/** Makes the engine's files reach the disk: the part that its file system layer leaves out. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** What is used here of an open file of Emscripten's NODEFS: `nfd` is the real descriptor. */
interface NodeStream {
  readonly nfd: number
  readonly node: { readonly mode: number }
}

interface EmscriptenModule {
  readonly FS: {
    isDir(mode: number): boolean
    readonly filesystems: {
      readonly NODEFS: { readonly stream_ops: { fsync?: (stream: NodeStream) => number } }
    }
  }
}

/**
 * NodeFS whose fsync is real. Emscripten's fsync calls an operation that NODEFS does not have, and its
 * fdatasync does nothing at all; so the server must also run with `wal_sync_method=fsync` and without `-F`.
 * A sync that fails is fatal: what the kernel could not write it may have dropped, and the next sync succeeds.
 */
export class DurableNodeFS extends NodeFS {
  readonly #onFatal: (reason: string) => void

  constructor(directory: string, onFatal: (reason: string) => void) {
    super(directory)
    this.#onFatal = onFatal
  }

  override async init(pg: PGlite, options: Parameters<NodeFS['init']>[1]) {
    const { emscriptenOpts } = await super.init(pg, options)
    // Not an array in Emscripten's type, which has more forms than NodeFS ever returns.
    const preRun = emscriptenOpts.preRun as ((module: EmscriptenModule) => void)[]
    preRun.push((module) => this.#addSync(module))
    const onAbort = (what: unknown) => this.#onFatal(`the engine aborted: ${what}`)
    return { emscriptenOpts: { ...emscriptenOpts, onAbort } }
  }

  #addSync({ FS }: EmscriptenModule): void {
    FS.filesystems.NODEFS.stream_ops.fsync = (stream) => {
      try {
        // fdatasync flushes the data and the size; a directory's entries want the full call.
        if (FS.isDir(stream.node.mode)) fsyncSync(stream.nfd)
        else fdatasyncSync(stream.nfd)
        return 0
      } catch (error) {
        this.#onFatal(`cannot flush to the disk: ${error}`)
        throw error
      }
    }
  }
}

/** Flushes one file or directory. @throws when it cannot */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Flushes a whole tree, children before their directory. @throws when it cannot */
export function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) syncTree(path)
    else if (entry.isFile()) syncPath(path)
  }
  syncPath(directory)
}
