/** Running a load generator to its end. */

/** Something is missing or broken around the load test; the load test says nothing about the product. */
export class CannotRunError extends Error {}

export interface ToolResult {
  readonly exitCode: number
  readonly stdout: string
}

export interface ToolOptions {
  /** Ends the process. */
  readonly signal: AbortSignal
  /** Show what it writes; otherwise stdout is only answered. */
  readonly show: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** @throws the signal's reason when it was ended by it */
export async function runTool(
  command: readonly string[],
  { signal, show, env = {} }: ToolOptions,
): Promise<ToolResult> {
  signal.throwIfAborted()
  const tool = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  const decoder = new TextDecoder()
  for await (const chunk of tool.stdout) {
    if (show) process.stdout.write(chunk)
    stdout += decoder.decode(chunk, { stream: true })
  }
  const exitCode = await tool.exited
  signal.throwIfAborted()
  return { exitCode, stdout }
}
