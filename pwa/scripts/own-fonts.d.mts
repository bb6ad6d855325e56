import type { Plugin } from 'vite'

export function ownFonts(): Plugin
