/** Ids that sort by the moment they were made (the ULID specification), also within one millisecond. */

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LENGTH = 10
const RANDOM_LENGTH = 16

export type NextId = () => string

/** A maker of ids that never go back, even where the phone's clock does. */
export function ulids(now: () => number): NextId {
  let last = 0
  let tail: number[] = []
  return () => {
    const time = now()
    if (time > last) {
      last = time
      tail = random()
    } else {
      increment(tail)
    }
    return encode(last) + tail.map((digit) => ALPHABET.charAt(digit)).join('')
  }
}

function random(): number[] {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH)), (byte) => byte & 31)
  // Room above, so that counting on within one millisecond cannot run over.
  digits[0] = (digits[0] ?? 0) & 15
  return digits
}

function increment(digits: number[]): void {
  for (let index = digits.length - 1; index >= 0; index--) {
    const digit = digits[index] ?? 0
    if (digit < 31) {
      digits[index] = digit + 1
      return
    }
    digits[index] = 0
  }
}

function encode(ms: number): string {
  let text = ''
  for (let left = ms, length = 0; length < TIME_LENGTH; length++, left = Math.floor(left / 32)) {
    text = ALPHABET.charAt(left % 32) + text
  }
  return text
}
