import type { AreaNode } from '@/engine'

export interface DoorChoice {
  id: string
  /** 3号楼 2门 */
  label: string
  /** The community, for a heading. */
  group: string
}

/** Name the doors that a visitor may choose from, each with its building, under its community. */
export function doorChoices(doors: readonly AreaNode[], tree: readonly AreaNode[]): DoorChoice[] {
  const byId = new Map(tree.map((area) => [area.id, area]))
  return doors.map((door) => {
    const above = lineage(door, byId)
    const building = above.find((area) => area.kind === 'building')
    const group = above.find((area) => area.kind === 'community')
    const named = building && door.id !== building.id && !door.name.startsWith(building.name)
    return { id: door.id, label: named ? `${building.name} ${door.name}` : door.name, group: group?.name ?? '' }
  })
}

function lineage(area: AreaNode, byId: ReadonlyMap<string, AreaNode>): AreaNode[] {
  const line: AreaNode[] = []
  for (let at: AreaNode | undefined = area; at && !line.includes(at); at = at.parent === null ? undefined : byId.get(at.parent)) line.push(at)
  return line
}
