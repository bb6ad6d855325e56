// Prints what the first load costs and fails over the budget: the entry's script with everything it imports statically.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

const BUDGET = 200 * 1000
const dist = path.resolve(import.meta.dirname ?? '.', '../dist')
const manifest = JSON.parse(readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'))

const scripts = new Set()
const styles = new Set()
const visited = new Set()

function walk(key) {
  if (visited.has(key)) return
  visited.add(key)
  const chunk = manifest[key]
  scripts.add(chunk.file)
  for (const file of chunk.css ?? []) styles.add(file)
  for (const next of chunk.imports ?? []) walk(next)
}

for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) walk(key)

// A page opened first loads its own chunk too: the dearest of them counts.
const later = (key, seen = new Set()) => {
  if (visited.has(key) || seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) later(next, seen)
  return seen
}
const gz = (file) => gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length
const sum = (files) => [...files].reduce((total, file) => total + gz(file), 0)
const line = (label, bytes) => console.log(`${label.padEnd(52)} ${(bytes / 1000).toFixed(1).padStart(8)} kB gz`)

for (const file of scripts) line(file, gz(file))
let dearest = 0
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || visited.has(key)) continue
  const bytes = sum([...later(key)].map((each) => manifest[each].file))
  line(`  later: ${chunk.name ?? key}`, bytes)
  if (key.includes('/pages/') || key.endsWith('.vue')) dearest = Math.max(dearest, bytes)
}
const first = sum(scripts)
line('styles of the first load', sum(styles))
line('script of the first load', first)
line('script of the first load with its dearest page', first + dearest)
if (first > BUDGET) {
  console.error(`The first load is over its budget of ${BUDGET / 1000} kB.`)
  process.exit(1)
}
