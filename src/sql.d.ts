/** SQL files are embedded as text: `import text from './x.sql' with { type: 'text' }`. */
declare module '*.sql' {
  const text: string
  // biome-ignore lint/style/noDefaultExport: this is how the bundler gives a text import
  export default text
}
