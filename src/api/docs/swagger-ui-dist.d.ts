/** Files embedded with `with { type: 'file' }`: the import gives the path they can be read at. */
declare module 'swagger-ui-dist/swagger-ui-bundle.js' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: this is how the bundler gives a file import
  export default path
}
declare module 'swagger-ui-dist/swagger-ui.css' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: this is how the bundler gives a file import
  export default path
}
