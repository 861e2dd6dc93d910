/** `import path from './x.wasm' with { type: 'file' }` gives a path that `Bun.file` reads, also in the executable. */
declare module '*.wasm' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: this is how the bundler gives a file import
  export default path
}

declare module '*.data' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: this is how the bundler gives a file import
  export default path
}
