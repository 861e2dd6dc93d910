/** Puts the tree in order: formats and mends what the linter can, regenerates documents, drops unused dependencies. */
for (const command of [
  ['node_modules/.bin/biome', 'check', '--write', '.'],
  [process.execPath, 'scripts/configuration-docs.ts'],
  ['npm', 'prune', '--no-audit', '--no-fund'],
]) {
  const run = Bun.spawnSync(command, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (run.exitCode !== 0) process.exit(run.exitCode)
}
