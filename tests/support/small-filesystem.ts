/** A small file system that tests may fill to the last byte. */
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runToEnd } from './server-process.ts'

export interface SmallFilesystem {
  readonly path: string
  /** Leaves no space. */
  fill(): void
  free(): void
  remove(): void
}

const sizeMb = 64
const sharedMemory = '/dev/shm'
const fillChunksBytes = [1_048_576, 4_096, 512]

/** @throws when it cannot be made */
export function makeSmallFilesystem(): SmallFilesystem {
  const { path, release } = isSmall(sharedMemory) ? inSharedMemory() : mounted()
  const filler = join(path, 'filler')

  function fill(): void {
    const file = openSync(filler, 'a')
    for (const bytes of fillChunksBytes) while (wrote(file, bytes));
    closeSync(file)
  }

  return { path, fill, free: () => rmSync(filler, { force: true }), remove: release }
}

/** What containers have is of this size unless it was asked for otherwise; most may not mount. */
function isSmall(path: string): boolean {
  const { blocks, bsize } = statfsSync(path)
  return blocks * bsize <= sizeMb * 1_048_576
}

function inSharedMemory() {
  const path = mkdtempSync(join(sharedMemory, 'sms-gateway-'))
  // For the account that the server runs as.
  chmodSync(path, 0o1777)
  return { path, release: () => rmSync(path, { recursive: true, force: true }) }
}

function mounted() {
  const path = mkdtempSync(join(tmpdir(), 'sms-gateway-small-'))
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const options = `size=${sizeMb}m,mode=1777`
  runToEnd([...asRoot, 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path])
  return {
    path,
    release() {
      runToEnd([...asRoot, 'umount', '--lazy', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function wrote(file: number, bytes: number): boolean {
  try {
    return writeSync(file, new Uint8Array(bytes)) > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
