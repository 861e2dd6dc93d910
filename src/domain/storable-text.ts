/**
 * Text that every part of the way can carry. PostgreSQL's text has no NUL (documentation §8.3), and a lone surrogate is no
 * Unicode scalar value, so it has no form in UTF-8 (RFC 3629 §3) and none that survives JSON between systems (RFC 8259 §8.2).
 */
export function isStorableText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0')
}
