/** First in, first out, over one array with an index for its head: every operation is O(1), amortised. */

export interface Fifo<Item> {
  readonly length: number
  push(item: Item): void
  /** The oldest item, left where it is. */
  peek(): Item | undefined
  shift(): Item | undefined
}

/** Below this many taken items it is not worth moving the rest. */
const takenMin = 1_024

export function createFifo<Item>(): Fifo<Item> {
  let items: (Item | undefined)[] = []
  let head = 0

  return {
    get length() {
      return items.length - head
    },
    push(item) {
      items.push(item)
    },
    peek: () => items[head],
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head] = undefined
      head++
      if (head >= takenMin && head * 2 >= items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  }
}
