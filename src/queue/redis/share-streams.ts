/** A lane's shares are one stream each. The first has the lane's plain name and plain entry ids as receipts. */

export function shareStream(stream: string, share: number): string {
  return share === 0 ? stream : `${stream}:share-${share}`
}

export function receiptOf(share: number, entryId: string): string {
  return share === 0 ? entryId : `${share}/${entryId}`
}

/** The entry ids of the receipts, by share. Of a share that the lane has not, there is nothing to acknowledge. */
export function entryIdsByShare(receipts: readonly string[], shareCount: number): string[][] {
  const entryIds = Array.from({ length: shareCount }, (): string[] => [])
  for (const receipt of receipts) {
    const slash = receipt.indexOf('/')
    const share = slash === -1 ? 0 : Number(receipt.slice(0, slash))
    entryIds[share]?.push(slash === -1 ? receipt : receipt.slice(slash + 1))
  }
  return entryIds
}
