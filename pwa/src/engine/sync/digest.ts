/** The server's digests, computed here: docs/protocol.md, "Proof of sync". */

import SparkMD5 from 'spark-md5'

/** What one live document adds to a digest. */
export interface Share {
  readonly id: string
  readonly rev: string
  /** 32 hexadecimal digits. */
  readonly hash: string
}

const MODULUS = 1n << 62n
const MOST_BUCKETS = 4096

export function share(id: string, rev: string): Share {
  return { id, rev, hash: SparkMD5.hash(`${id}\0${rev}`) }
}

export function digestOf(shares: readonly Share[]): string {
  const sum = shares.reduce((total, { hash }) => total + BigInt(`0x${hash.slice(16)}`), 0n)
  return (sum % MODULUS).toString(16).padStart(16, '0')
}

/** In which of so many buckets a share lies. */
export function bucketOf({ hash }: Share, buckets: number): number {
  return (Number.parseInt(hash.slice(0, 4), 16) * buckets) >>> 16
}

/** So many buckets that each has about as many documents as there are buckets: what is asked for then is shortest. */
export function bucketsFor(documents: number): number {
  return Math.min(MOST_BUCKETS, 2 ** Math.round(Math.log2(Math.max(1, documents)) / 2))
}
