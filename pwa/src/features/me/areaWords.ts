/** Names from above down, without those that the next one says again: not 1号楼 1号楼1门 but 1号楼1门. */
export function sayAreas(names: readonly string[]): string {
  return names.filter((name, at) => !names[at + 1]?.startsWith(name)).join(' ')
}
