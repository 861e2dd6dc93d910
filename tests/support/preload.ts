/** Loaded before every test file: one generous deadline, so that a hang fails and a slow machine does not. */
import { setDefaultTimeout } from 'bun:test'

setDefaultTimeout(60_000)
