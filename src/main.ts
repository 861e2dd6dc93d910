/** argv → command → exit code; nothing else. */
import { runCommandLine } from './roles/command-line.ts'

const exitCode = await runCommandLine(process.argv.slice(2), process.env)
// After what was written before: a pipe takes its time.
process.stdout.write('', () => process.exit(exitCode))
