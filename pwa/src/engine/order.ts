/** The order of a walk: buildings, stairwells, floors and doors as people count them, not as text sorts. */

import type { Household } from './documents'
import type { AreaNode } from './face'

const numeric = new Intl.Collator('zh-CN', { numeric: true })

export function byDoor(a: Household, b: Household): number {
  return (
    numeric.compare(a.building ?? '', b.building ?? '') ||
    numeric.compare(a.unit ?? '', b.unit ?? '') ||
    (a.floor ?? 0) - (b.floor ?? 0) ||
    numeric.compare(a.door, b.door) ||
    numeric.compare(a.area, b.area)
  )
}

/** Areas in the order in which one would read the tree aloud. */
export function byTree(some: readonly AreaNode[], all: readonly AreaNode[]): AreaNode[] {
  const nodes = new Map(all.map((area) => [area.id, area]))
  const trail = (area: AreaNode): AreaNode[] => {
    const parent = area.parent === null ? undefined : nodes.get(area.parent)
    return parent && parent !== area ? [...trail(parent), area] : [area]
  }
  const trails = new Map(some.map((area) => [area.id, trail(area)]))
  return [...some].sort((a, b) => compareTrails(trails.get(a.id) ?? [], trails.get(b.id) ?? []))
}

function compareTrails(a: readonly AreaNode[], b: readonly AreaNode[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]]
    if (!left || !right || left.id === right.id) continue
    return (left.sort ?? 0) - (right.sort ?? 0) || numeric.compare(left.name, right.name)
  }
  return a.length - b.length
}
