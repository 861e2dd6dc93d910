/** What git knows of this tree, where there is a git and a checkout: an image is built without either. */

/** The commit, shortened, or `unknown`. @param path where git is looked for */
export function commitOf(root: string, path = process.env.PATH ?? ''): string {
  const program = Bun.which('git', { PATH: path })
  if (program === null) return 'unknown'
  const git = Bun.spawnSync([program, 'rev-parse', '--short=12', 'HEAD'], {
    cwd: root,
    stderr: 'ignore',
  })
  return git.exitCode === 0 ? git.stdout.toString().trim() : 'unknown'
}
